#include "common/cuda/sim/variables.h"

namespace workbook::cuda {
namespace {
constexpr std::uintptr_t kWord = 4;
}

const void* Variables::access(Side side, std::uintptr_t address, unsigned bytes, bool write, const void* place) {
  if (!write && writers_.empty()) return nullptr;
  for (std::uintptr_t word = address / kWord; word <= (address + bytes - 1) / kWord; ++word) {
    if (write) {
      writers_[word] = {side, place};
    } else if (const auto known = writers_.find(word); known != writers_.end() && known->second.side != side) {
      return known->second.place;
    }
  }
  return nullptr;
}

void Variables::copied(std::uintptr_t address, std::size_t bytes) {
  for (std::uintptr_t word = address / kWord; word < (address + bytes + kWord - 1) / kWord; ++word)
    writers_.erase(word);
}

Variables& variables() {
  static auto* all = new Variables;
  return *all;
}

}  // namespace workbook::cuda
