// Must get: does_not_compile
#define A(x) x x x x x x x x x x
#define B(x) A(A(x))
#define C(x) B(B(x))
int bomb = C(C(C(+1)));
