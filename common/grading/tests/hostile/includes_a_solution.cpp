// Must get: does_not_compile
#include "solutions/01_stable_softmax/stable_softmax.cpp"
