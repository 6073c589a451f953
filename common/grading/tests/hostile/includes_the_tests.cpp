// Must get: does_not_compile
#include "../basic_test.cpp"
#include "target.h"
