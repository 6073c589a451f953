// Must get: does_not_compile
#include "/proc/self/environ"
