#pragma once
/// How fast this machine is right now: short bursts of nothing but fused multiply-adds, or of nothing but reading.

#include "attention_layer.h"

namespace workbook::bench {

/// FLOP/s of independent fused multiply-adds in float on so many threads, for about 4 ms; or bytes/s of reading 256 MiB
/// once. @pre threads >= 1
double burst(attention_layer::Ceiling ceiling, int threads);

}  // namespace workbook::bench
