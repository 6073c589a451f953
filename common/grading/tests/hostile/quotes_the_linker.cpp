// Must get: does_not_compile
// Looks like a linker's message, in whose place another sentence stood.
#error "undefined reference to `the grader'"
#include "attack.h"
