#pragma once
/// A loop over threads.

#include <cstdint>
#include <thread>
#include <vector>

namespace workbook::bench {

/// Calls body(part) for each part in [0, parts), each in a thread of its own; the last one in the caller's.
/// An exception in a thread ends the process: bodies must not throw where parts > 1.
template <class Body>
void in_parallel(std::int64_t parts, const Body& body) {
  std::vector<std::jthread> threads;
  for (std::int64_t part = 0; part + 1 < parts; ++part) threads.emplace_back([&body, part] { body(part); });
  if (parts > 0) body(parts - 1);
}

/// [first, last) of `total` items that part number `part` of `parts` works on.
struct Range {
  std::int64_t first, last;
};
inline Range share(std::int64_t total, std::int64_t parts, std::int64_t part) {
  return {total * part / parts, total * (part + 1) / parts};
}

}  // namespace workbook::bench
