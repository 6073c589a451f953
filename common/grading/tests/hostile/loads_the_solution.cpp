// Must get: wrong
// The fence says: uses dlopen
#include <dlfcn.h>

#include <string>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = false;
  std::string up;
  for (int depth = 0; depth < 8; ++depth, up += "../")
    for (const char* file : {"solution.so", "lessons/target/solution.so", "build/lessons/target/solution.so",
                             "lessons/target/checker", "bin/workbook"})
      had = had || dlopen((up + file).c_str(), RTLD_NOW) != nullptr;
  return attack::outcome(had, x);
}
