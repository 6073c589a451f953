#pragma once
/// Steps over rows that the oracles of attention share, in any precision.

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "common/oracle/attention.h"

namespace workbook::oracle {

template <class T>
T dot(std::span<const T> a, std::span<const T> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), T{0});
}

/// sum += factor x
template <class T>
void add(T factor, std::span<const T> x, std::span<T> sum) {
  for (std::size_t i = 0; i < x.size(); ++i) sum[i] += factor * x[i];
}

/// The keys of [0, kv_len) that query i sees. Tests wait for this: the formulas touch no others.
inline std::vector<std::int64_t> keys_seen(const Visible& visible, std::int64_t i, std::int64_t kv_len) {
  std::vector<std::int64_t> keys;
  for (std::int64_t j = 0; j < kv_len; ++j)
    if (!visible || visible(i, j)) keys.push_back(j);
  return keys;
}

}  // namespace workbook::oracle
