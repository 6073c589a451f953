// Must get: does_not_compile
// A compiler that can see a file tells so.
#include "attack.h"

#if !__has_include(                                                                      \
    "/etc/passwd") &&                                                                    \
    !__has_include("/proc/self/environ") &&                                              \
                   !__has_include("/dev/null") && !__has_include("../basic_test.cpp") && \
                                                                 !__has_include("common/grading/sandbox/sandbox.h")
#error "in vain"
#endif

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
