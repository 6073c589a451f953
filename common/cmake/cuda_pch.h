// What nearly every CUDA implementation includes; nvcc includes the first by itself.
#pragma once
#include "common/cmake/lean_math.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/contract/contract.h"
#include "common/tensor/storage.h"

// A class instantiated here need not be instantiated again in every file.
static_assert(sizeof(workbook::Tensor) + sizeof(std::vector<float>) > 0);
