#include "common/bench/sharing.h"

#include <algorithm>
#include <mutex>
#include <ranges>

#include "common/bench/parallel.h"

namespace workbook::bench {

namespace {

using attention_layer::CallOf;
using attention_layer::CallOfBfloat16;
using attention_layer::Config;
using attention_layer::Formula;
using attention_layer::Implementation;
using attention_layer::Masks;
using attention_layer::Trained;

/// How heads form groups: `groups` of `heads` query heads each, and one KV head for each group. `copies` groups in a
/// row have the same KV head.
struct Grouping {
  std::int64_t groups, heads, copies = 1;
};

/// The query heads of a KV head stay together as far as there are groups enough for the threads.
Grouping grouped(const Tensor& q, std::int64_t kv_heads, int threads) {
  const std::int64_t kv_groups = q.dim(0) * kv_heads, n_rep = q.dim(1) / kv_heads;
  std::int64_t copies = 1;
  while (copies < n_rep && (kv_groups * copies < threads || n_rep % copies != 0)) ++copies;
  return {kv_groups * copies, n_rep / copies, copies};
}

/// What one call works on: queries of some groups, and all keys that these see.
struct Part {
  Range groups, queries, keys;
};

/// Queries and keys of attention, and how many pairs of them are visible.
struct Lengths {
  std::int64_t q_len, kv_len;
  Mask mask;

  std::int64_t seen_by_first(std::int64_t queries) const {
    if (mask == Mask::none) return queries * kv_len;
    return queries * (queries + 1) / 2 + queries * (kv_len - q_len);
  }

  /// The number of first queries that see at least part / parts of all visible pairs.
  std::int64_t queries_of(std::int64_t part, std::int64_t parts) const {
    const auto counts = std::views::iota(std::int64_t{0}, q_len + 1);
    return *std::ranges::partition_point(
        counts, [&](std::int64_t queries) { return seen_by_first(queries) * parts < seen_by_first(q_len) * part; });
  }

  /// Causal attention of the first queries over these keys is again aligned at the end.
  Range keys_of(Range queries) const { return {0, mask == Mask::none ? kv_len : kv_len - q_len + queries.last}; }
};

/// The parts of one thread: whole groups if there are enough of them. Otherwise each group is cut into as many slices
/// of its queries as there are threads, all with equally many pairs, and each thread has as many slices in a row as
/// there are groups.
std::vector<Part> parts_of(std::int64_t thread, std::int64_t threads, std::int64_t groups, const Lengths& lengths,
                           bool may_cut) {
  std::vector<Part> parts;
  if (groups >= threads || !may_cut) {
    parts.push_back({share(groups, threads, thread), {0, lengths.q_len}, {0, lengths.kv_len}});
  } else {
    for (std::int64_t slice = thread * groups, last = slice + groups, next; slice < last; slice = next) {
      const std::int64_t group = slice / threads, before = group * threads;
      next = std::min(last, before + threads);
      const Range queries{lengths.queries_of(slice - before, threads), lengths.queries_of(next - before, threads)};
      parts.push_back({{group, group + 1}, queries, lengths.keys_of(queries)});
    }
  }
  std::erase_if(parts,
                [](const Part& p) { return p.groups.first == p.groups.last || p.queries.first == p.queries.last; });
  return parts;
}

/// Calls body(part) in each thread for its parts. @throws what one of them throws
template <class Body>
void on_threads(std::int64_t threads, std::int64_t groups, const Lengths& lengths, bool may_cut, const Body& body) {
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(threads));
  in_parallel(threads, [&](std::int64_t thread) {
    try {
      for (const Part& part : parts_of(thread, threads, groups, lengths, may_cut)) body(part);
    } catch (...) {
      thrown[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& one : thrown)
    if (one) std::rethrow_exception(one);
}

/// These rows of the heads of these groups, each group as a batch of its own. Groups of which `copies` have the same
/// heads each get them.
template <class Element>
TensorOf<Element> cut(const TensorOf<Element>& x, Range groups, std::int64_t heads, Range rows,
                      std::int64_t copies = 1) {
  TensorOf<Element> part({groups.last - groups.first, heads, rows.last - rows.first, x.dim(3)});
  const std::int64_t size = part.dim(2) * x.dim(3), whole_size = x.dim(2) * x.dim(3);
  for (std::int64_t i = 0; i < part.dim(0) * heads; ++i)
    std::copy_n(x.data() + (groups.first * heads + i) / copies * whole_size + rows.first * x.dim(3), size,
                part.data() + i * size);
  return part;
}

/// Adds a part to the rows that cut() takes.
void add(const Tensor& part, Tensor& whole, Range groups, Range rows) {
  const std::int64_t size = part.dim(2) * part.dim(3), whole_size = whole.dim(2) * whole.dim(3);
  for (std::int64_t i = 0; i < part.dim(0) * part.dim(1); ++i) {
    float* const to = whole.data() + (groups.first * part.dim(1) + i) * whole_size + rows.first * part.dim(3);
    std::transform(part.data() + i * size, part.data() + (i + 1) * size, to, to, std::plus<>());
  }
}

Tensor call(const Implementation& backend, const CallOf<float>& call) { return backend.attend(call); }
Tensor call(const Implementation& backend, const CallOfBfloat16& call) { return backend.attend_bfloat16(call); }

template <class Element>
Tensor attend_by(const Implementation& backend, const Tensor& q, const TensorOf<Element>& k, const TensorOf<Element>& v,
                 const Config& config) {
  const Masks masks{.mask = config.mask};
  if (config.threads == 1 || backend.own_threads) return call(backend, CallOf<Element>{q, k, v, masks, config.threads});
  const Grouping by = grouped(q, k.dim(1), config.threads);
  const bool may_cut = backend.about.formula == Formula::softmax;  // a state would be made again for each part
  Tensor out(q.shape());
  on_threads(config.threads, by.groups, {q.dim(2), k.dim(2), config.mask}, may_cut, [&](const Part& part) {
    const Tensor own_q = cut(q, part.groups, by.heads, part.queries);
    const TensorOf<Element> own_k = cut(k, part.groups, 1, part.keys, by.copies);
    const TensorOf<Element> own_v = cut(v, part.groups, 1, part.keys, by.copies);
    add(call(backend, CallOf<Element>{own_q, own_k, own_v, masks}), out, part.groups, part.queries);
  });
  return out;
}

}  // namespace

Tensor attend(const Implementation& backend, const Tensor& q, const Tensor& k, const Tensor& v, const Config& config) {
  return attend_by(backend, q, k, v, config);
}

Tensor attend(const Implementation& backend, const Tensor& q, const TensorOf<bfloat16>& k, const TensorOf<bfloat16>& v,
              const Config& config) {
  return attend_by(backend, q, k, v, config);
}

Trained train(const Implementation& backend, std::vector<Tensor>& inputs, const Config& config) {
  const Tensor &q = inputs[0], &k = inputs[1], &v = inputs[2];
  if (config.threads == 1) return backend.train({q, k, v, inputs[3], config.mask});
  const std::int64_t groups = k.dim(0) * k.dim(1), heads = q.dim(1) / k.dim(1);
  Trained all{Tensor(q.shape()), Tensor(q.shape()), Tensor(k.shape()), Tensor(v.shape())};
  std::mutex adding;  // the gradients of a KV head are sums over its parts
  on_threads(config.threads, groups, {q.dim(2), k.dim(2), config.mask}, true, [&](const Part& part) {
    Tensor d_output = cut(inputs[3], part.groups, heads, part.queries);
    const Trained own = backend.train({cut(q, part.groups, heads, part.queries), cut(k, part.groups, 1, part.keys),
                                       cut(v, part.groups, 1, part.keys), d_output, config.mask});
    add(own.output, all.output, part.groups, part.queries);
    add(own.dq, all.dq, part.groups, part.queries);
    const std::lock_guard lock(adding);
    add(own.dk, all.dk, part.groups, part.keys);
    add(own.dv, all.dv, part.groups, part.keys);
  });
  return all;
}

}  // namespace workbook::bench
