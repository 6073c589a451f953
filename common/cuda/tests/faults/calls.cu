// Calls of the runtime that are wrong.
#include "faults.h"

using namespace workbook;

namespace {

__device__ float variable[32];

__global__ void takes(const float* x) { variable[threadIdx.x] = x[threadIdx.x]; }
__global__ void gives(float* x) { x[threadIdx.x] = variable[threadIdx.x]; }

__global__ void copies(float* x, const float* from) { cudaMemcpy(x, from, 4, cudaMemcpyHostToHost); }

__global__ void keeps(const float* x, const float** place) {
  extern __shared__ float kept[];
  kept[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x == 0) *place = kept;
}
__global__ void points_at_its_own(const float** place) {
  const float own[4] = {1, 2, 3, 4};
  const float* volatile hidden = own;  // from the compiler, who warns of it
  *place = hidden;
}

/// Has memory of its own, and is given to kernels by value.
struct Holder {
  float* data = nullptr;
  Holder() { cudaMalloc(&data, 128); }
  Holder(const Holder&) = default;
  ~Holder() {
    if (data) cudaFree(data);
  }
};
__global__ void holds(Holder holder, float4 four, float* x) {
  holder.data[threadIdx.x] = four.z;
  holder.data = nullptr;
  x[threadIdx.x] = four.w;
}

}  // namespace

void faults::run(const std::string& name, DeviceTensor<float> x) {
  float* data = x.data();
  std::vector<float> host(300);
  float* mine = nullptr;
  if (name == "wrong direction") cudaMemcpy(host.data(), data, 128, cudaMemcpyHostToDevice);
  if (name == "arguments swapped") cudaMemcpy(host.data(), data, 128, cudaMemcpyHostToDevice);
  if (name == "too many bytes") cudaMemcpy(data, host.data(), 300 * sizeof(float), cudaMemcpyHostToDevice);
  if (name == "freed twice") {
    cudaMalloc(&mine, 64);
    cudaFree(mine);
    cudaFree(mine);
  }
  if (name == "host pointer freed") cudaFree(host.data());
  if (name == "middle freed") cudaFree(data + 1);
  if (name == "unwritten copied") {
    cudaMalloc(&mine, 64);
    cudaMemcpy(host.data(), mine, 64, cudaMemcpyDeviceToHost);
    cudaFree(mine);
  }
  if (name == "missing wait" || name == "awaited copy") {
    float* pinned = nullptr;
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMallocHost(&pinned, 64);
    cudaMemcpyAsync(pinned, data, 64, cudaMemcpyDeviceToHost, stream);
    if (name == "awaited copy") cudaStreamSynchronize(stream);
    host[0] = pinned[3];
    if (host[0] != 1) throw std::runtime_error("nothing was copied");
    cudaFreeHost(pinned);
    cudaStreamDestroy(stream);
  }
  if (name == "stream left behind") {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
  }
  if (name == "kernel copies") copies<<<1, 1>>>(data, host.data());
  if (name == "result from the host") cudaMemcpy(data, host.data(), 128, cudaMemcpyHostToDevice);
  if (name == "result from the host, round about") {
    cudaMalloc(&mine, 64);
    cudaMemcpy(mine, host.data(), 64, cudaMemcpyHostToDevice);
    cudaMemcpy(data, mine, 64, cudaMemcpyDeviceToDevice);
    cudaFree(mine);
  }
  if (name == "result set byte by byte") cudaMemset(data, 7, 1);
  if (name == "variable read by the host") {
    takes<<<1, 32>>>(data);
    host[0] = variable[5];
  }
  if (name == "variable set by the host") {
    variable[5] = 3;
    gives<<<1, 32>>>(data);
  }
  if (name == "shared memory read by the host" || name == "a thread's memory read by the host") {
    const float **place = nullptr, *kept = nullptr;
    cudaMalloc(&place, sizeof kept);
    if (name == "shared memory read by the host")
      keeps<<<1, 32, 128>>>(data, place);
    else
      points_at_its_own<<<1, 1>>>(place);
    cudaMemcpy(&kept, place, sizeof kept, cudaMemcpyDeviceToHost);
    cudaFree(place);
    host[0] = kept[2];
  }
  if (name == "argument freed twice") {
    const Holder holder;
    holds<<<1, 32>>>(holder, make_float4(1, 2, 3, 4), data);
  }
  if (name == "correct") {
    cudaMalloc(&mine, 64);
    cudaMemcpy(mine, data, 64, cudaMemcpyDeviceToDevice);
    cudaMemcpy(host.data(), mine, 64, cudaMemcpyDefault);
    cudaFree(mine);
    takes<<<1, 32>>>(data);
    cudaMemcpyFromSymbol(host.data(), variable, sizeof variable);
    if (variable[3] != host[3]) throw std::runtime_error("a copy brings both sides together");
    cudaMemcpyToSymbol(variable, host.data(), sizeof variable);
    gives<<<1, 32>>>(data);
    cudaMemset(data + 32, 0, 128);
  }
}
