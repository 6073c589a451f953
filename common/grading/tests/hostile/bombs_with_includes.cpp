// Must get: does_not_compile
#include __FILE__
#include __FILE__
