#include "common/cuda/device_buffer.h"

#include <stdexcept>
#include <string>

// The CUDA runtime's functions, as far as they are needed: an error is an int that is not 0.
extern "C" {
int cudaMalloc(void** pointer, std::size_t bytes);
int cudaFree(void* pointer);
int cudaMemcpy(void* to, const void* from, std::size_t bytes, int kind);
int cudaStreamCreate(CUstream_st** stream);
int cudaStreamDestroy(CUstream_st* stream);
int cudaDeviceSynchronize(void);
int cudaGetLastError(void);
const char* cudaGetErrorName(int error);
const char* cudaGetErrorString(int error);

// Of gpu_call.cu; not there in the simulator, where memory is filled when it is allocated.
__attribute__((weak)) void workbook_poison(void* memory, std::size_t bytes);

// Of the simulator; a GPU knows no shapes.
__attribute__((weak)) void workbook_cuda_argument(void* memory, const std::int64_t* shape, std::size_t axes,
                                                  std::size_t element_bytes);
}

namespace workbook {
namespace {

constexpr int kToDevice = 1, kToHost = 2;

void check(int error, const char* what) {
  if (error != 0)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorName(error) + ": " + cudaGetErrorString(error));
}

}  // namespace

void start_device() { cudaFree(nullptr); }

DeviceBuffer::DeviceBuffer(std::size_t bytes) : bytes_(bytes) {
  if (bytes > 0) check(cudaMalloc(&data_, bytes), "allocating an argument on the device");
}
DeviceBuffer::~DeviceBuffer() {
  if (data_) cudaFree(data_);
}
void DeviceBuffer::describe(std::span<const std::int64_t> shape, std::size_t element_bytes) {
  if (bytes_ > 0 && workbook_cuda_argument) workbook_cuda_argument(data_, shape.data(), shape.size(), element_bytes);
}
void DeviceBuffer::upload(const void* from) {
  if (bytes_ > 0) check(cudaMemcpy(data_, from, bytes_, kToDevice), "copying an argument to the device");
}
void DeviceBuffer::poison() {
  if (bytes_ > 0 && workbook_poison) workbook_poison(data_, bytes_);
}
void DeviceBuffer::download(void* to) const {
  if (bytes_ > 0) check(cudaMemcpy(to, data_, bytes_, kToHost), "copying an argument from the device");
}

DeviceStream::DeviceStream() { check(cudaStreamCreate(&stream_), "creating a stream"); }
DeviceStream::~DeviceStream() {
  if (stream_) cudaStreamDestroy(stream_);
}

void synchronize_device() {
  check(cudaGetLastError(), kSeenAfterTheCall);
  check(cudaDeviceSynchronize(), "running the kernels");
}

}  // namespace workbook
