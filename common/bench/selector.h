#pragma once
/// How long a backend will take, where a lesson offers that: its testcases/NN_name/selector.cpp defines these functions
/// by the lesson's own. `bench --calibrate` and `bench mine` call them in a worker, with what was measured.

#include "attention_layer.h"

namespace workbook::selector {

/// Attention alone, measured.
struct Row {
  std::string backend;  ///< "flash"
  attention_layer::Extents extents;
  Mask mask = Mask::none;
  double seconds = 0;
};

/// What the time model makes of the rows.
struct Calibration {
  std::vector<double> predicted;       ///< seconds, row by row
  std::vector<std::string> constants;  ///< a line for each backend: "flash: 12 ps for a FLOP, ..."
};

/// Fits the model to all rows, backend by backend, and asks it for the same rows.
Calibration calibrate(const std::vector<Row>& rows);

/// What a selector says of every backend, in words, if it has so many bytes: "flash" and "chosen: ...".
std::vector<std::pair<std::string, std::string>> decide(const std::vector<Row>& rows,
                                                        const attention_layer::Extents& extents, Mask mask,
                                                        std::int64_t memory_bytes);

inline constexpr Contract<calibrate, decide> contract;

}  // namespace workbook::selector
