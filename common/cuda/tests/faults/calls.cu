// Calls of the runtime that are wrong.
#include "faults.h"

using namespace workbook;

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
  if (name == "correct") {
    cudaMalloc(&mine, 64);
    cudaMemcpy(mine, data, 64, cudaMemcpyDeviceToDevice);
    cudaMemcpy(host.data(), mine, 64, cudaMemcpyDefault);
    cudaFree(mine);
  }
}
