// Must get: wrong
// The fence says: `_Pragma`
// What the compiler says is bounded, too.
#include "attack.h"

#define WARN _Pragma("GCC warning \"flood flood flood flood flood flood flood flood flood flood\"")
#define TEN(x) x x x x x x x x x x
TEN(TEN(TEN(WARN)))

workbook::Tensor workbook::target::twice(const Tensor& x) { return x; }
