#include "common/cuda/sim/variables.h"

namespace workbook::cuda {
namespace {
constexpr std::uintptr_t kWord = 4;
}

Variables::Seen Variables::access(Side side, std::uintptr_t address, unsigned bytes, bool write, const void* place) {
  if (!write && writers_.empty()) return {};
  Seen seen{.of_kernels = write && side == Side::kernel};
  for (std::uintptr_t word = address / kWord; word <= (address + bytes - 1) / kWord; ++word) {
    if (write) {
      writers_[word] = {side, place};
    } else if (const auto known = writers_.find(word); known != writers_.end()) {
      if (known->second.side != side) return {.other = known->second.place};
      seen.of_kernels |= side == Side::kernel;
    }
  }
  return seen;
}

void Variables::copied(std::uintptr_t address, std::size_t bytes, bool on_device, const void* place) {
  for (std::uintptr_t word = address / kWord; word < (address + bytes + kWord - 1) / kWord; ++word)
    if (on_device)
      writers_[word] = {Side::kernel, place};
    else
      writers_.erase(word);
}

Variables& variables() {
  static auto* all = new Variables;
  return *all;
}

}  // namespace workbook::cuda
