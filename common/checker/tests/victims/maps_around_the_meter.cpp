#include "victim.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  constexpr std::size_t chunk = std::size_t{64} << 20;
  for (;;) {
    const long block = syscall(SYS_mmap, nullptr, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == -1) throw std::runtime_error("the kernel refused");
    std::memset(reinterpret_cast<void*>(block), 1, chunk);
  }
  return x;
}
