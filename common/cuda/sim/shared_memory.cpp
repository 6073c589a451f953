#include "common/cuda/sim/shared_memory.h"

#include <algorithm>

namespace workbook::cuda {

void StaticShared::begin_launch(const PluginImage& image, const void* code) {
  used_bytes_ = 0;
  if (first_ != image.first) {
    first_ = image.first;
    symbols_ = &symbols_of(code);
    exists_.clear();
    variable_.clear();
    if (!symbols_->shared().empty()) {
      exists_.assign((image.shared_bytes + 3) / 4, 0);
      variable_.assign(exists_.size(), kNone);
    }
    for (std::size_t v = 0; v < symbols_->shared().size(); ++v) {
      const SharedVariable& variable = symbols_->shared()[v];
      const std::size_t last = std::min(variable.offset + variable.bytes, image.shared_bytes);
      for (std::size_t at = variable.offset; at < last; ++at) {
        exists_[at / 4] = static_cast<std::uint8_t>(exists_[at / 4] | 1 << at % 4);
        variable_[at / 4] = static_cast<std::uint16_t>(v);
      }
    }
  }
  used_.assign(symbols_->shared().size(), false);
}

const SharedVariable* StaticShared::touch(std::size_t word) {
  const std::uint16_t v = word < variable_.size() ? variable_[word] : kNone;
  if (v == kNone || used_[v]) return nullptr;
  used_[v] = true;
  used_bytes_ += symbols_->shared()[v].bytes;
  return &symbols_->shared()[v];
}

const SharedVariable* StaticShared::before(std::size_t offset) const {
  const SharedVariable* nearest = nullptr;
  for (const SharedVariable& variable : symbols_->shared())
    if (variable.offset + variable.bytes <= offset && (!nearest || variable.offset > nearest->offset))
      nearest = &variable;
  return nearest;
}

}  // namespace workbook::cuda
