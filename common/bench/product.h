#pragma once
/// Matrix products of the projections: the fastest that this machine offers, the same for every backend.

#include <string>

#include "common/tensor/tensor.h"

namespace workbook::bench {

/// out = a b, on the calling thread alone. Several threads may call it at once.
void multiply(ConstView a, ConstView b, View out);

/// Who multiplies: "oneDNN 2.6.3" if its library is found, else "Eigen 3.4.0".
std::string multiplier();

}  // namespace workbook::bench
