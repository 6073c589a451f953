// Must get: does_not_compile
#include "/dev/stdin"
