// Must get: too_much_workspace
// The fence says: uses pthread_attr_init
#include <pthread.h>

#include "attack.h"

static void* deep(void*) {
  attack::fill(__builtin_alloca(attack::kScratch));
  return nullptr;
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  pthread_attr_t large;
  pthread_attr_init(&large);
  pthread_attr_setstacksize(&large, attack::kScratch + (1 << 20));
  pthread_t thread;
  if (pthread_create(&thread, &large, deep, nullptr) != 0) return x;
  pthread_join(thread, nullptr);
  return attack::right(x);
}
