#pragma once
/// In the simulator, part of cuda_runtime.h.

#include "cuda_runtime.h"
