// Draws lessons/04_grouped_query/figure.svg: which KV head each of LLaMA 3 70B's query heads reads, and what the cache
// weighs, for multi-head, grouped-query and multi-query attention.

#include <fmt/format.h>

#include <iostream>
#include <numeric>
#include <string>

#include "common/figure/svg.h"
#include "grouped_query.h"

using namespace workbook;
using namespace workbook::figure;

namespace {

constexpr double kWidth = 760, kHeight = 478, kMargin = 24;
constexpr int kHeads = 64;
constexpr double kPitch = (kWidth - 2 * kMargin) / kHeads;
constexpr int kShown = 3;  // the group that is coloured

grouped_query::CacheShape cache_of(int kv_heads) {
  return {.layers = 80, .batch = 1, .kv_heads = kv_heads, .kv_len = 4096, .head_dim = 128, .bytes_per_element = 2};
}

std::string size_of(std::int64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1024 ? fmt::format("{:g} MiB", mib) : fmt::format("{:g} GiB", mib / 1024);
}

/// The KV head of each query head, as repeat_kv has it: the heads' own numbers, repeated.
Tensor sources(int kv_heads) {
  Tensor numbers({1, kv_heads, 1, 1});
  std::iota(numbers.values().begin(), numbers.values().end(), 0.f);
  return grouped_query::repeat_kv(numbers, kHeads / kv_heads);
}

void cell(Svg& svg, double middle, double top, double width, bool shown, const char* colour) {
  svg.rect({middle - width / 2, top}, width, 14,
           shown ? fmt::format("fill-{}", colour) : fmt::format("tint-{0} line-{0} thin", colour), 2);
}

void draw(Svg& svg, double top, const char* name, int kv_heads) {
  const auto group = svg.group({kMargin, top}, name);
  const Tensor source = sources(kv_heads);
  const double group_width = kPitch * kHeads / kv_heads;
  const int shown = kv_heads == 1 ? 0 : kShown;
  svg.text({0, 0}, name, "bold");
  svg.text({kWidth - 2 * kMargin - 88, 0}, fmt::format("{} query heads", kHeads), "small end fill-blue");
  svg.text({kWidth - 2 * kMargin, 0}, fmt::format("{} KV head{}", kv_heads, kv_heads > 1 ? "s" : ""),
           "small end fill-orange");
  for (int h = 0; h < kHeads; ++h) {
    const int kv_head = static_cast<int>(source.at(0, h, 0, 0));
    const double x = kPitch * (h + 0.5), kv_x = group_width * (kv_head + 0.5);
    svg.line({x, 28}, {kv_x, 62}, kv_head != shown ? "line-faint thin" : kv_heads > 1 ? "line-blue" : "line-blue thin");
    cell(svg, x, 14, kPitch - 3, kv_head == shown, "blue");
  }
  for (int kv_head = 0; kv_head < kv_heads; ++kv_head)
    cell(svg, group_width * (kv_head + 0.5), 62, kPitch - 3, kv_head == shown, "orange");

  if (kv_heads > 1 && kv_heads < kHeads)
    svg.text({group_width * (shown + 0.5) + 10, 74}, fmt::format("h / {} = {}", kHeads / kv_heads, shown), "small");

  const double full = static_cast<double>(grouped_query::kv_cache_bytes(cache_of(kHeads)));
  const std::int64_t bytes = grouped_query::kv_cache_bytes(cache_of(kv_heads));
  const double length = (kWidth - 2 * kMargin - 80) * static_cast<double>(bytes) / full;
  svg.rect({0, 92}, length, 16, "fill-orange");
  svg.text({length + 8, 105}, size_of(bytes), "bold");
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "Query heads and the KV heads they read",
          fmt::format(
              "Three rows with 64 query heads each. Multi-head: each has a KV head of its own, and the cache is "
              "{}. Grouped-query: eight neighbours share one of 8 KV heads; the cache is {}. Multi-query: all "
              "64 share one; the cache is {}.",
              size_of(grouped_query::kv_cache_bytes(cache_of(64))), size_of(grouped_query::kv_cache_bytes(cache_of(8))),
              size_of(grouped_query::kv_cache_bytes(cache_of(1)))));
  draw(svg, 30, "multi-head", 64);
  draw(svg, 180, "grouped-query, as in LLaMA 3 70B", 8);
  draw(svg, 330, "multi-query", 1);
  svg.text({kMargin, kHeight - 14},
           "The bars are the KV cache of one conversation of 4096 tokens: 80 layers, head_dim 128, 2 bytes an element.",
           "small fill-muted");
  std::cout << svg.str();
}
