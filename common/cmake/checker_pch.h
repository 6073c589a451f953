// What nearly every file of tests includes, but for what depends on the lesson.
#pragma once
#include "common/checker/catch.h"
#include "common/checker/counts.h"
#include "common/checker/device_matchers.h"
#include "common/checker/inputs.h"
#include "common/checker/matchers.h"
#include "common/checker/refusals.h"
#include "common/checker/remote_call.h"
#include "common/oracle/attention.h"
