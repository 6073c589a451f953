// Must get: does_not_compile
#include "common/checker/session.h"
