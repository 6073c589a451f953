// Must get: does_not_compile
template <int depth, int path>
struct Bomb {
  static constexpr long value = Bomb<depth - 1, path * 2>::value + Bomb<depth - 1, path * 2 + 1>::value;
};
template <int path>
struct Bomb<0, path> {
  static constexpr long value = 1;
};
static_assert(Bomb<30, 1>::value > 0);
