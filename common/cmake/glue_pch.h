// What glue.cpp includes, but for what depends on the lesson.
#pragma once
#include <any>
#include <typeinfo>
#include <unordered_map>

#include "common/contract/exceptions.h"
#include "common/contract/parameter.h"
#include "common/contract/plugin.h"
#include "common/cuda/device_buffer.h"
