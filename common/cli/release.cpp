#include <memory>

#include "common/cli/command.h"
#include "common/cli/grading.h"

namespace workbook::cli {

Action commands::release(Options options) {
  auto arguments = std::make_shared<Argv>();
  options.rest(*arguments);
  return [arguments]() -> int {
    Argv call{"release"};
    call.insert(call.end(), arguments->begin(), arguments->end());
    become_grading(call);
  };
}

}  // namespace workbook::cli
