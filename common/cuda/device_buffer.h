#pragma once
/// The worker's own device memory, for arguments. Linked into each CUDA plugin: in the simulator's flavours these are
/// the simulator's functions, in the other the CUDA runtime's.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

struct CUstream_st;

namespace workbook {

class DeviceBuffer {
 public:
  explicit DeviceBuffer(std::size_t bytes);  ///< @throws std::runtime_error if there is none
  ~DeviceBuffer();
  DeviceBuffer(DeviceBuffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}
  DeviceBuffer& operator=(DeviceBuffer&&) = delete;

  void* data() const { return data_; }
  /// It holds an argument of that shape, which a fault can then name.
  void describe(std::span<const std::int64_t> shape, std::size_t element_bytes);
  void upload(const void* from);
  void poison();  ///< before an output is written: it holds NaN, as the simulator's fresh memory does
  void download(void* to) const;

 private:
  void* data_ = nullptr;
  std::size_t bytes_;
};

class DeviceStream {
 public:
  DeviceStream();
  ~DeviceStream();
  DeviceStream(DeviceStream&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  DeviceStream& operator=(DeviceStream&&) = delete;
  CUstream_st* get() const { return stream_; }

 private:
  CUstream_st* stream_ = nullptr;
};

void start_device();

/// Waits for everything on the device. @throws std::runtime_error with the error that a launch or a kernel left
void synchronize_device();

/// What its message begins with if the implementation has not looked: it belongs to nobody's call.
inline constexpr const char* kSeenAfterTheCall = "after the call";

}  // namespace workbook
