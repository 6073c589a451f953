// Backends that must not be timed: zeros, a crash, an exception; and one that is right until it has been verified.

#include "common/bench/backend.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

Tensor zeros(const Call& call) { return Tensor(call.q.shape()); }

Tensor crash(const Call& /*call*/) { __builtin_trap(); }

Tensor refuse(const Call& /*call*/) { throw std::domain_error("not today"); }

std::int64_t nothing(const Extents& /*e*/) { return 0; }

std::int64_t a_terabyte(const Extents& /*e*/) { return std::int64_t{1} << 40; }

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  return {{{.name = "zeros"}, zeros, nothing},
          {{.name = "crash"}, crash, nothing},
          {{.name = "refuse"}, refuse, nothing},
          {{.name = "kernel", .device = "cuda"}, zeros, nothing},
          {{.name = "large", .formula = Formula::linear}, zeros, a_terabyte}};
}
