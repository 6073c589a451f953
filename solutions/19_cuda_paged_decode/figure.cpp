// Draws lessons/19_cuda_paged_decode/figure.svg: two sequences with one prompt, and when splitting fills a GPU.

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "cuda_paged_decode.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::cuda_paged_decode;

namespace {

constexpr double kWidth = 760, kHeight = 540;
constexpr int kPages = 8, kMultiprocessors = 132, kKvHeads = 8, kTokens = 100'000;

struct Sequence {
  const char* name;
  int id;
  double x;  ///< where its row of the block table begins
  const char* colour;
};

constexpr double kPageWidth = 80, kPoolTop = 160;
double page_x(int page) { return 24 + 90 * page; }

/// A sequence's row of the block table, with an arrow from each entry to its page.
void draw_table(Svg& svg, const PageAllocator& pool, const Sequence& s) {
  const auto group = svg.group({0, 0}, fmt::format("sequence {}", s.name));
  svg.text({s.x, 62}, fmt::format("sequence {}: {} tokens", s.name, pool.length(s.id)),
           fmt::format("small fill-{}", s.colour));
  const std::vector<int> pages = pool.pages(s.id);
  for (int i = 0; i < static_cast<int>(pages.size()); ++i) {
    const int page = pages[static_cast<std::size_t>(i)];
    const double x = s.x + 48 * i;
    svg.rect({x, 70}, 40, 28, fmt::format("tint-{0} line-{0}", s.colour), 4);
    svg.text({x + 20, 89}, std::to_string(page), "middle");
    svg.arrow({x + 20, 98}, {page_x(page) + 40, kPoolTop - 6}, fmt::format("line-{} thin", s.colour));
  }
}

/// The pool: which slots hold a token, and of whom.
void draw_pool(Svg& svg, const PageAllocator& pool, const std::vector<Sequence>& sequences) {
  const auto group = svg.group({0, 0}, "the pool");
  for (int page = 0; page < kPages; ++page) {
    int tokens = 0, owners = 0;
    std::string colour = "faint";
    for (const Sequence& s : sequences) {
      const std::vector<int> pages = pool.pages(s.id);
      for (int i = 0; i < static_cast<int>(pages.size()); ++i)
        if (pages[static_cast<std::size_t>(i)] == page) {
          tokens = std::max(tokens, std::min(kPageTokens, pool.length(s.id) - i * kPageTokens));
          colour = ++owners > 1 ? "green" : s.colour;
        }
    }
    svg.rect({page_x(page), kPoolTop}, kPageWidth, 44, owners ? fmt::format("line-{}", colour) : "line-faint dashed",
             4);
    for (int j = 0; j < kPageTokens; ++j)
      svg.rect({page_x(page) + 4 + 9.2 * (j % 8), kPoolTop + 5 + 18 * (j / 8)}, 7, 15,
               j < tokens ? fmt::format("fill-{}", colour) : "line-faint thin", 1);
    svg.text({page_x(page) + 40, kPoolTop + 62}, fmt::format("page {}", page), "small middle fill-muted");
    svg.text({page_x(page) + 40, kPoolTop + 78},
             owners == 0  ? "free"
             : owners > 1 ? "shared"
                          : "",
             "small middle fill-muted");
  }
}

/// Blocks for each multiprocessor, by batch.
void draw_blocks(Svg& svg) {
  const double left = 96, width = 400, base = 490, height = 180;
  const auto x_of = [&](double batch) { return left + width * std::log2(batch) / 7; };
  const auto y_of = [&](double blocks) { return base - height * (std::log2(blocks) + 5) / 8; };
  svg.text({24, 280},
           fmt::format("blocks for each of {} multiprocessors: {} KV heads, sequences of {} tokens", kMultiprocessors,
                       kKvHeads, kTokens),
           "bold");
  for (const auto& [blocks, label] :
       {std::pair{1. / 32, "1/32"}, {1. / 8, "1/8"}, {1. / 2, "1/2"}, {1., "1"}, {4., "4"}, {8., "8"}}) {
    svg.line({left, y_of(blocks)}, {left + width, y_of(blocks)}, blocks == 4 ? "line-muted dashed" : "line-faint");
    svg.text({left - 8, y_of(blocks) + 4}, label, "small end fill-muted");
  }
  std::vector<Point> whole, parts;
  for (int i = 0; i <= 56; ++i) {
    const int batch = static_cast<int>(std::lround(std::exp2(i / 8.)));
    const double blocks = static_cast<double>(batch * kKvHeads) / kMultiprocessors;
    whole.push_back({x_of(batch), y_of(blocks)});
    parts.push_back({x_of(batch), y_of(blocks * split_count(batch, kKvHeads, kTokens, kMultiprocessors))});
  }
  svg.polyline(whole, "line-purple thick");
  svg.polyline(parts, "line-blue thick");
  for (int batch = 1; batch <= 128; batch *= 2) {
    svg.text({x_of(batch), base + 20}, std::to_string(batch), "small middle fill-muted");
    const int count = split_count(batch, kKvHeads, kTokens, kMultiprocessors);
    svg.text({x_of(batch), y_of(8) - 12}, std::to_string(count), "small middle fill-blue");
  }
  svg.text({left + width + 14, y_of(8) - 12}, "parts of a sequence", "small fill-blue");
  svg.text({left + width + 14, y_of(4) + 4}, "as many as fit at once", "small fill-muted");
  svg.text({left + 60, y_of(1. / 11)}, "one block for each KV head", "small fill-purple");
  svg.text({left + 60, y_of(2.2)}, "one for each part", "small fill-blue");
  svg.text({left + width + 30, base + 20}, "sequences in the batch", "small fill-muted");
}

}  // namespace

int main() {
  PageAllocator pool(kPages);
  const auto append = [&](int id, int tokens) {
    for (int i = 0; i < tokens; ++i) pool.append(id);
  };
  const int earlier = pool.create(), a = pool.create();
  append(earlier, 17);
  append(a, 21);
  pool.free(earlier);
  const int b = pool.fork(a);
  append(b, 3);
  append(a, 14);
  const std::vector<Sequence> sequences{{"A", a, 60, "blue"}, {"B", b, 300, "orange"}};

  Svg svg(
      kWidth, kHeight, "A cache in pages, and parts that fill a GPU",
      "Two sequences with a common prompt of 21 tokens. Their rows of the block table point to pages in a pool of "
      "eight: both to one full page that they share, and each to a page of its own that continues it, after a copy. "
      "Below, the number of thread blocks for each multiprocessor by batch size: without splitting, a batch of one "
      "has 8 blocks for 132 multiprocessors; with splitting there are nearly four for each. From a batch of 34 on, "
      "sequences are not divided.");
  svg.text({24, 28}, "B is a fork of A after 21 tokens: one page is shared, one was copied", "bold");
  for (const Sequence& s : sequences) draw_table(svg, pool, s);
  draw_pool(svg, pool, sequences);
  draw_blocks(svg);
  std::cout << svg.str();
}
