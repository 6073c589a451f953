// Must get: does_not_compile
constexpr long forever() {
  long n = 0;
  for (long i = 0; i >= 0; i += 1) n ^= i;
  return n;
}
static_assert(forever() == 0);
