#pragma once
/// The plugin's variables. On a GPU a __device__ or __constant__ one is another than the host's of that name, and only
/// cudaMemcpyToSymbol and cudaMemcpyFromSymbol lead from one to the other.

#include <cstdint>
#include <unordered_map>

namespace workbook::cuda {

enum class Side : std::uint8_t { host, kernel };

class Variables {
 public:
  struct Seen {
    const void* other = nullptr;  ///< where the other side has written what is read here; null if it has not
    bool of_kernels = false;      ///< kernels have written it: it is memory of theirs, not a constant
  };
  /// One side's access, of at most 16 bytes.
  Seen access(Side side, std::uintptr_t address, unsigned bytes, bool write, const void* place);
  /// A copy from the host has brought both sides together, or one from the device has filled it.
  void copied(std::uintptr_t address, std::size_t bytes, bool on_device, const void* place);

 private:
  struct Writer {
    Side side;
    const void* place;
  };
  std::unordered_map<std::uintptr_t, Writer> writers_;  ///< of each 4-byte word; kernels keep to one core here
};

Variables& variables();

}  // namespace workbook::cuda
