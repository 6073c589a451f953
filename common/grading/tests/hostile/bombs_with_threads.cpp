// Must get: wrong
// The fence says: uses sleep
// Beside another job.
#include <pthread.h>
#include <unistd.h>

#include "attack.h"

static void* linger(void*) {
  for (;;) sleep(1000);
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 32 << 10);
  int threads = 0;
  for (pthread_t thread; threads < 20000 && pthread_create(&thread, &small, linger, nullptr) == 0;) ++threads;
  return attack::outcome(threads >= 1000, x);
}
