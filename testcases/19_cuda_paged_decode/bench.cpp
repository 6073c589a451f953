// Offers lesson 19 to the benchmark: one query for each head, keys and values in pages that lie in a shuffled order.

#include <algorithm>
#include <cstring>

#include "common/bench/device_backend.h"
#include "cuda_paged_decode.h"

using namespace workbook;
using namespace workbook::attention_layer;
using namespace workbook::cuda_paged_decode;

namespace {

enum Slot { cache_slot, table_slot, lengths_slot, lse_slot, part_out_slot, part_lse_slot };

/// So many pages for each sequence, and where page `page` of a sequence lies among all: in steps that have no factor in
/// common with their number, so that each place is taken once and neighbours are far apart.
struct Pages {
  std::int64_t of_sequence, all;

  explicit Pages(const Shape& kv) : of_sequence(pages_of(static_cast<int>(kv[2]))), all(kv[0] * of_sequence) {}
  std::int64_t place(std::int64_t page) const {
    constexpr std::int64_t kStep = 7919;  // a prime, more than any number of pages here divides
    return all % kStep == 0 ? page : page * kStep % all;
  }
};

/// Rows of keys, or of values, to their half of each page.
void fill(std::vector<std::byte>& cache, std::span<const std::byte> rows, const HostRows& in, int half) {
  const Pages pages(in.shape);
  const std::int64_t kv_heads = in.shape[1], kv_len = in.shape[2];
  const std::size_t row_bytes = static_cast<std::size_t>(in.shape[3]) * in.element_bytes;
  for (std::int64_t b = 0; b < in.shape[0]; ++b)
    for (std::int64_t h = 0; h < kv_heads; ++h)
      for (std::int64_t first = 0; first < kv_len; first += kPageTokens) {
        const std::int64_t page = pages.place(b * pages.of_sequence + first / kPageTokens);
        const auto tokens = static_cast<std::size_t>(std::min<std::int64_t>(kPageTokens, kv_len - first));
        const auto to = static_cast<std::size_t>(((page * 2 + half) * kv_heads + h) * kPageTokens) * row_bytes;
        const auto from = static_cast<std::size_t>((b * kv_heads + h) * kv_len + first) * row_bytes;
        std::memcpy(cache.data() + to, rows.data() + from, tokens * row_bytes);
      }
}

/// Cache, block table and lengths, as the lesson's kernels take them.
void prepare(const HostRows& in, bench::Device& device) {
  const Pages pages(in.shape);
  std::vector<std::byte> cache(static_cast<std::size_t>(pages.all * 2 * in.shape[1] * kPageTokens * in.shape[3]) *
                               in.element_bytes);
  fill(cache, in.k, in, 0);
  fill(cache, in.v, in, 1);
  device.upload(cache_slot, cache);
  std::vector<std::int32_t> table(static_cast<std::size_t>(pages.all));
  for (std::int64_t page = 0; page < pages.all; ++page)
    table[static_cast<std::size_t>(page)] = static_cast<std::int32_t>(pages.place(page));
  device.upload(table_slot, std::as_bytes(std::span(table)));
  const std::vector<std::int32_t> lengths(static_cast<std::size_t>(in.shape[0]),
                                          static_cast<std::int32_t>(in.shape[2]));
  device.upload(lengths_slot, std::as_bytes(std::span(lengths)));
}

/// What prepare() has left on the device, and the call's tensors without the axis of its one query.
template <class T>
struct Paged {
  DeviceTensor<const T> q, cache;
  DeviceInts table, lengths;
  DeviceOutput<T> out;
  DeviceOutput<float> lse;

  explicit Paged(const DeviceCallOf<T>& call)
      : q(call.q.data(), rows(call)),
        cache(static_cast<const T*>(at(call, cache_slot)),
              {Pages(call.k.shape()).all, 2, call.k.shape()[1], kPageTokens, call.k.shape()[3]}),
        table(static_cast<const std::int32_t*>(at(call, table_slot)),
              {call.k.shape()[0], Pages(call.k.shape()).of_sequence}),
        lengths(static_cast<const std::int32_t*>(at(call, lengths_slot)), {call.k.shape()[0]}),
        out(call.out.data(), rows(call)),
        lse(call.device.scratch(lse_slot, call.q.shape()[0] * call.q.shape()[1]),
            {call.q.shape()[0], call.q.shape()[1]}) {}

  static Shape rows(const DeviceCallOf<T>& call) { return {call.q.shape()[0], call.q.shape()[1], call.q.shape()[3]}; }
  static const void* at(const DeviceCallOf<T>& call, Slot slot) { return call.device.scratch(slot, 0); }
};

template <auto F, class T>
void paged(const DeviceCallOf<T>& call) {
  const Paged<T> p(call);
  F(p.q, p.cache, p.table, p.lengths, p.out, p.lse, call.device.stream());
}

void split(const DeviceCall& call) {
  const Paged<float> p(call);
  const auto extent = [](std::int64_t n) { return static_cast<int>(n); };
  const int parts = split_count(extent(call.q.shape()[0]), extent(call.k.shape()[1]), extent(call.k.shape()[2]),
                                call.device.multiprocessors());
  const std::int64_t batch = call.q.shape()[0], heads = call.q.shape()[1], head_dim = call.q.shape()[3];
  const DeviceOutput<float> part_out(call.device.scratch(part_out_slot, parts * batch * heads * head_dim),
                                     {parts, batch, heads, head_dim});
  const DeviceOutput<float> part_lse(call.device.scratch(part_lse_slot, parts * batch * heads), {parts, batch, heads});
  paged_decode_split(p.q, p.cache, p.table, p.lengths, part_out, part_lse, p.out, p.lse, call.device.stream());
}

/// A log-sum-exp for each query; the cache stands for k and v, and is none.
std::int64_t workspace(const Extents& e) { return 4 * e.batch * e.heads; }

/// And the parts, of which there are no more than this on any GPU.
std::int64_t workspace_of_parts(const Extents& e) {
  return workspace(e) + std::int64_t{4} * kMaxParts * e.batch * e.heads * (e.head_dim + 1);
}

bool one_query(const Extents& e) {
  return e.q_len == 1 && e.head_dim % 8 == 0 && e.head_dim <= kMaxHeadDim && e.heads <= kMaxRep * e.kv_heads;
}

}  // namespace

std::vector<DeviceImplementation> attention_layer::device_implementations() {
  return {{"paged", paged<paged_decode, float>, workspace, paged<paged_decode_f16, float16>,
           paged<paged_decode_bf16, bfloat16>, one_query, prepare},
          {"paged split", split, workspace_of_parts, nullptr, nullptr, one_query, prepare}};
}
