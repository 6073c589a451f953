#include "attention_layer.h"

using namespace workbook;

/// Zeros from two backends, a crash in the third: none may be timed.
Tensor attention_layer::forward(const Tensor& x, const Weights& /*weights*/, const Config& config) {
  if (config.backend == Backend::flash) __builtin_trap();
  return Tensor(x.shape());
}
