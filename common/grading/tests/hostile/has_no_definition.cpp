// Must get: does_not_compile
#include "attack.h"
