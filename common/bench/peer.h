#pragma once
/// Implementations in another process that speaks lines of JSON: PyTorch, where python3 has it (torch_peer.py), and
/// ONNX Runtime, where node has it (onnx_peer.js).

#include "common/bench/source.h"

namespace workbook::bench {

/// Starts `argv` when first asked, looking it up in PATH. A peer that offers nothing for a device says why in its
/// remark.
Origin peer_origin(const std::string& name, const std::vector<std::string>& argv);

/// python3 with torch_peer.py, from beside this executable or else from the source folder, told before PyTorch is
/// loaded how many threads its libraries may start.
Origin torch_origin(int threads);

/// node with onnx_peer.js, from the same places.
Origin onnx_origin();

}  // namespace workbook::bench
