// Each rung has a file of its own. They are one translation unit, and each may use what those before it define.
#include "cuda_tensor_cores.h"

#include "block.cuh"
#include "flash.cuh"      // 4: a tile of flash attention in registers
#include "fragments.cuh"  // 2: who holds what
#include "mma.cuh"        // 4: the walk over tiles
#include "pipeline.cuh"   // 5: the walk with copies under way
#include "swizzle.cuh"    // 3: tiles without bank conflicts
#include "wmma.cuh"       // 1: products by nvcuda::wmma
