#pragma once
/// Just enough for the miniature's lessons.

namespace workbook {

struct NotImplemented {};

template <auto...>
struct Contract {};

}  // namespace workbook
