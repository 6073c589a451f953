#pragma once
/// Stands in for the CUDA Toolkit's header of that name wherever a .cu file is compiled for the simulator: it is found
/// first on the include path. What is missing here is not simulated.

#if defined(__CUDA__) && defined(__clang__)
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <exception>
#include <new>
#define __CLANG_CUDA_WRAPPERS_NEW  // clang's own operator new for kernels is not wanted

#pragma clang force_cuda_host_device begin  // an editor: whatever follows may be called by kernels
#endif

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "workbook_sim/language.h"
#include "workbook_sim/vector_types.h"

#include "workbook_sim/builtins.h"

#include "workbook_sim/asm.h"
#include "workbook_sim/atomics.h"
#include "workbook_sim/intrinsics.h"
#include "workbook_sim/launch.h"
#include "workbook_sim/refused.h"
#include "workbook_sim/runtime_api.h"
#include "workbook_sim/warp.h"
