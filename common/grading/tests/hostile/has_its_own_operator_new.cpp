// Must get: out_of_memory or wrong
// The fence says: defines operator new(unsigned long)
// Takes memory where the meter does not look. The kernel does.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "attack.h"

static void* unseen(std::size_t size) {
  const long block = syscall(SYS_mmap, nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block < 0 && block > -4096 ? nullptr : reinterpret_cast<void*>(block);
}

void* operator new(std::size_t size) {
  if (void* block = unseen(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  char* volatile scratch = static_cast<char*>(::operator new(attack::kFarTooMuch));
  std::memset(scratch, 1, attack::kFarTooMuch);
  return attack::right(x);
}
