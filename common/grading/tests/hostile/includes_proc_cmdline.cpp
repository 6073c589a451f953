// Must get: does_not_compile
#include "/proc/1/cmdline"
