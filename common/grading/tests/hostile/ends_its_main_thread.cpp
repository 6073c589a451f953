// Must get: timed_out
// The fence says: uses sleep
// The process lives on without the thread that would answer.
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  std::thread([] {
    for (;;) sleep(1000);
  }).detach();
  syscall(SYS_exit, 0);
  return attack::right(x);
}
