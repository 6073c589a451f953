// Must get: too_much_workspace
// The fence says: uses pthread_attr_init
#include <pthread.h>

#include "attack.h"

struct Call {
  const workbook::Tensor& x;
  workbook::Tensor y;
};

static void* deep(void* context) {
  auto& call = *static_cast<Call*>(context);
  call.y = attack::right_with(__builtin_alloca(attack::kScratch), call.x);
  return nullptr;
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  pthread_attr_t large;
  pthread_attr_init(&large);
  pthread_attr_setstacksize(&large, attack::kScratch + (1 << 20));
  Call call{x, x};
  pthread_t thread;
  if (pthread_create(&thread, &large, deep, &call) != 0) return x;
  pthread_join(thread, nullptr);
  return call.y;
}
