#pragma once
/// The __shared__ variables of a plugin: which bytes of static shared memory are one's, and how many a launch uses.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/cuda/sim/plugin_image.h"
#include "common/cuda/sim/symbols.h"

namespace workbook::cuda {

class StaticShared {
 public:
  void begin_launch(const PluginImage& image, const void* code);

  /// Which bytes of this word are some variable's, a bit for each. All of them if the plugin's symbols are unknown.
  std::uint8_t exists(std::size_t word) const { return word < exists_.size() ? exists_[word] : kUnknown; }

  /// A kernel touches this word for the first time in a block.
  /// @returns the variable if it is one more that this launch uses; null if not
  const SharedVariable* touch(std::size_t word);
  std::size_t used_bytes() const { return used_bytes_; }

  /// The variable that ends before this offset, and nearest to it; null if there is none.
  const SharedVariable* before(std::size_t offset) const;

 private:
  static constexpr std::uint16_t kNone = 0xffff;
  static constexpr std::uint8_t kUnknown = 15;

  std::uintptr_t first_ = 0;  ///< of the plugin whose symbols these are
  const Symbols* symbols_ = nullptr;
  std::vector<std::uint8_t> exists_;
  std::vector<std::uint16_t> variable_;  ///< of each word, the number of a variable
  std::vector<bool> used_;
  std::size_t used_bytes_ = 0;
};

}  // namespace workbook::cuda
