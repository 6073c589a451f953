#pragma once
/// What a CUDA lesson's adapter has of the device beside its kernels: a stream, memory that is kept from run to run,
/// and a library's products.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <type_traits>

#include "attention_layer.h"
#include "common/cuda/device_buffer.h"
#include "common/cuda/device_tensor.h"

namespace workbook::bench {

enum class Element { float32, float16, bfloat16 };
template <class T>
inline constexpr Element kElementOf = std::is_same_v<T, float16>    ? Element::float16
                                      : std::is_same_v<T, bfloat16> ? Element::bfloat16
                                                                    : Element::float32;

/// c = scale a b, or c = c + scale a b, for a batch of row-major matrices in device memory. Sums are in float32.
struct Product {
  /// Where the matrices lie: elements from row to row, and from one matrix to the next (0: all are the same one).
  struct Operand {
    const void* data;
    std::int64_t row_pitch, matrix_pitch;
  };
  Operand a;  ///< [batch, rows, inner]
  Operand b;  ///< [batch, inner, columns]; [batch, columns, inner] if b_transposed
  void* c;    ///< [batch, rows, columns]
  std::int64_t c_row_pitch, c_matrix_pitch;
  std::int64_t batch, rows, columns, inner;
  bool b_transposed = false, add = false;
  float scale = 1;
  Element factors = Element::float32;  ///< of a and b
  Element result = Element::float32;   ///< of c: float32, or as the factors
};

class Device {
 public:
  cudaStream_t stream() const { return stream_.get(); }

  /// So many floats, with what the last run left there. Another slot is other memory.
  float* scratch(int slot, std::int64_t floats);

  /// The bytes in device memory, in that slot.
  void* upload(int slot, std::span<const std::byte> bytes);

  int multiprocessors() const;

  /// Rounds so many floats to the element. @throws std::domain_error in the simulator
  void narrow(const float* from, void* to, std::int64_t count, Element element);

  /// cuBLAS; float32 without TF32. @throws std::domain_error where there is none, as in the simulator
  void multiply(const Product& product);

  /// The time that `run` takes on the stream, by CUDA events, after everything in the L2 cache was overwritten.
  double seconds(const std::function<void()>& run);

  /// FLOP/s of fused multiply-adds alone, or bytes/s of reading alone. @throws std::domain_error in the simulator
  double burst(attention_layer::Ceiling ceiling);

 private:
  struct Scratch {
    std::int64_t floats;
    DeviceBuffer memory;
  };

  DeviceStream stream_;
  std::map<int, Scratch> scratch_;
};

}  // namespace workbook::bench
