#include "attention_layer.h"

#include <algorithm>
#include <chrono>

#include "common/bench/backend.h"
#include "common/bench/burst.h"
#include "common/bench/inputs.h"
#include "common/bench/parallel.h"
#include "common/bench/projection.h"

namespace workbook::attention_layer {

namespace {

const std::vector<Implementation>& all_implementations() {
  static const std::vector<Implementation> all = implementations();
  return all;
}

const Implementation& find(const Backend& backend) {
  for (const Implementation& one : all_implementations())
    if (one.about.name == backend.name && one.about.formula == backend.formula && one.about.dtypes == backend.dtypes)
      return one;
  throw std::invalid_argument("no backend " + backend.name + " here");
}

TensorOf<bfloat16> to_bfloat16(const Tensor& x) {
  TensorOf<bfloat16> rounded(x.shape());
  std::ranges::transform(x.values(), rounded.data(), [](float value) { return bfloat16(value); });
  return rounded;
}

/// Heads [first, last) of all batches and heads, counted through, each as a batch of its own with n_rep query heads.
template <class Element>
TensorOf<Element> cut(const TensorOf<Element>& x, std::int64_t first, std::int64_t last, std::int64_t heads) {
  const std::int64_t head_size = x.dim(2) * x.dim(3);
  TensorOf<Element> out({last - first, heads, x.dim(2), x.dim(3)});
  std::copy_n(x.data() + first * heads * head_size, out.size(), out.data());
  return out;
}

/// Puts a part that cut() has taken back in its place, `first` being that of its first head.
void paste(const Tensor& part, Tensor& whole, std::int64_t first) {
  std::copy_n(part.data(), part.size(), whole.data() + first * part.dim(2) * part.dim(3));
}

/// Calls body(first, last) on all threads, each with its share of `groups`. @throws what one of them throws
template <class Body>
void on_threads(int threads, std::int64_t groups, const Body& body) {
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(threads));
  bench::in_parallel(threads, [&](std::int64_t part) {
    const auto [first, last] = bench::share(groups, threads, part);
    if (first == last) return;
    try {
      body(first, last);
    } catch (...) {
      thrown[static_cast<std::size_t>(part)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& one : thrown)
    if (one) std::rethrow_exception(one);
}

/// How the heads are shared among threads: `groups` groups of n_rep query heads with one KV head; `copies` of them
/// share a KV head that is copied for each.
struct Groups {
  std::int64_t groups, n_rep, copies;
};

Groups grouped(const Tensor& q, std::int64_t kv_heads, int threads) {
  const std::int64_t kv_groups = q.dim(0) * kv_heads, n_rep = q.dim(1) / kv_heads;
  std::int64_t copies = 1;
  while (copies < n_rep && (kv_groups * copies < threads || n_rep % copies != 0)) ++copies;
  return {kv_groups * copies, n_rep / copies, copies};
}

Tensor call(const Implementation& backend, const Call& call) { return backend.attend(call); }
Tensor call(const Implementation& backend, const CallOfBfloat16& call) { return backend.attend_bfloat16(call); }

/// The lesson's function on all threads. It is called once on everything if it has threads of its own, else once in
/// each thread on that thread's heads: together these calls need the memory of the one.
template <class Element>
Tensor attend_all(const Implementation& backend, const Tensor& q, const TensorOf<Element>& k,
                  const TensorOf<Element>& v, const Config& config) {
  const Masks masks{.mask = config.mask};
  if (config.threads == 1 || backend.own_threads) return call(backend, CallOf<Element>{q, k, v, masks, config.threads});
  const Groups by = grouped(q, k.dim(1), config.threads);
  Tensor out(q.shape());
  const auto own_kv = [&](const TensorOf<Element>& kv, std::int64_t first, std::int64_t last) {
    if (by.copies == 1) return cut(kv, first, last, 1);
    TensorOf<Element> own({last - first, 1, kv.dim(2), kv.dim(3)});
    for (std::int64_t g = first; g < last; ++g)
      own.matrix(g - first, 0) = kv.matrix(g / by.copies / kv.dim(1), g / by.copies % kv.dim(1));
    return own;
  };
  on_threads(config.threads, by.groups, [&](std::int64_t first, std::int64_t last) {
    const Tensor own_q = cut(q, first, last, by.n_rep);
    const TensorOf<Element> own_k = own_kv(k, first, last), own_v = own_kv(v, first, last);
    paste(call(backend, CallOf<Element>{own_q, own_k, own_v, masks}), out, first * by.n_rep);
  });
  return out;
}

/// A training step on all threads. The query heads of a KV head stay on one: its gradients are their sums.
Trained train_all(const Implementation& backend, std::vector<Tensor>& inputs, const Config& config) {
  const Tensor &q = inputs[0], &k = inputs[1], &v = inputs[2];
  if (config.threads == 1) return backend.train({q, k, v, inputs[3], config.mask});
  const std::int64_t n_rep = q.dim(1) / k.dim(1);
  Trained all{Tensor(q.shape()), Tensor(q.shape()), Tensor(k.shape()), Tensor(v.shape())};
  on_threads(config.threads, k.dim(0) * k.dim(1), [&](std::int64_t first, std::int64_t last) {
    Tensor d_output = cut(inputs[3], first, last, n_rep);
    const Trained part = backend.train(
        {cut(q, first, last, n_rep), cut(k, first, last, 1), cut(v, first, last, 1), d_output, config.mask});
    paste(part.output, all.output, first * n_rep);
    paste(part.dq, all.dq, first * n_rep);
    paste(part.dk, all.dk, first);
    paste(part.dv, all.dv, first);
  });
  return all;
}

/// Without a copy.
std::vector<Tensor> listed(Trained trained) {
  std::vector<Tensor> all;
  for (Tensor* one : {&trained.output, &trained.dq, &trained.dk, &trained.dv}) all.push_back(std::move(*one));
  return all;
}

std::vector<Tensor> listed(Tensor one) {
  std::vector<Tensor> all;
  all.push_back(std::move(one));
  return all;
}

Tensor beside(const Tensor& a, const Tensor& b, const Tensor& c) {
  Tensor all({a.dim(0), a.dim(1) + b.dim(1) + c.dim(1)});
  columns(all.matrix(), 0, a.dim(1)) = a.matrix();
  columns(all.matrix(), a.dim(1), b.dim(1)) = b.matrix();
  columns(all.matrix(), a.dim(1) + b.dim(1), c.dim(1)) = c.matrix();
  return all;
}

/// Of the attention itself.
Extents core_extents(const Config& config) {
  Extents e = config.extents;
  if (config.projections == Projections::latent) e.head_dim += latent_shape(e).rope_dim;
  return e;
}

Tensor attended(const Implementation& backend, const std::vector<Tensor>& inputs, const Weights& weights,
                const Config& config) {
  const Extents& e = config.extents;
  const auto heads_of = [&](const Tensor& x, const Tensor& w, std::int64_t heads) {
    return bench::split_heads(bench::project(x, w, config.threads), e.batch, 0, heads, e.head_dim);
  };
  if (config.projections == Projections::none) return attend_all(backend, inputs[0], inputs[1], inputs[2], config);
  if (config.projections == Projections::latent) {
    const bench::Expanded all = bench::expand_latent(inputs[0], weights, config);
    return bench::first_channels(attend_all(backend, all.q, all.k, all.v, config), e.head_dim);
  }
  if (config.projections == Projections::joined) {
    const std::int64_t width = e.heads * e.head_dim, kv_width = e.kv_heads * e.head_dim;
    const Tensor all = bench::project(inputs[0], weights.at(Input::w_qkv), config.threads);
    const auto part = [&](std::int64_t first, std::int64_t heads) {
      return bench::split_heads(all, e.batch, first, heads, e.head_dim);
    };
    return attend_all(backend, part(0, e.heads), part(width, e.kv_heads), part(width + kv_width, e.kv_heads), config);
  }
  const Tensor& memory = inputs.back();
  return attend_all(backend, heads_of(inputs[0], weights.at(Input::w_q), e.heads),
                    heads_of(memory, weights.at(Input::w_k), e.kv_heads),
                    heads_of(memory, weights.at(Input::w_v), e.kv_heads), config);
}

}  // namespace

Runner::Runner(Config config) : config_(config) {
  for (const Input input : inputs_of(config.projections)) inputs_.push_back(make(input, config.extents));
  for (const Input input : weights_of(config.projections)) weights_.emplace(input, make(input, config.extents));
  if (config.projections == Projections::joined) {
    weights_.emplace(Input::w_qkv, beside(weights_.at(Input::w_q), weights_.at(Input::w_k), weights_.at(Input::w_v)));
    for (const Input separate : {Input::w_q, Input::w_k, Input::w_v}) weights_.erase(separate);
  }
  const bool converts = std::ranges::any_of(all_implementations(), [](const auto& one) { return one.attend_bfloat16; });
  if (converts && config.projections == Projections::none)
    for (std::size_t input : {1, 2}) bfloat16_kv_.push_back(to_bfloat16(inputs_[input]));
}

std::vector<Tensor> Runner::forward(const Backend& backend) {
  const Implementation& implementation = find(backend);
  if (implementation.attend_bfloat16)
    return listed(attend_all(implementation, inputs_[0], bfloat16_kv_.at(0), bfloat16_kv_.at(1), config_));
  if (implementation.layer) return listed(implementation.layer({inputs_.front(), weights_, config_.extents}));
  if (implementation.train) return listed(train_all(implementation, inputs_, config_));
  Tensor heads = attended(implementation, inputs_, weights_, config_);
  if (config_.projections == Projections::none) return listed(std::move(heads));
  heads = bench::merge_heads(heads);
  return listed(bench::project(heads, weights_.at(weights_of(config_.projections).back()), config_.threads)
                    .reshaped(inputs_.front().shape()));
}

Sample Runner::measure(const Backend& backend, Ceiling ceiling) {
  Sample sample{.before = bench::burst(ceiling, config_.threads)};
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Tensor> result = forward(backend);
  sample.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  sample.after = bench::burst(ceiling, config_.threads);
  return sample;
}

double rate(Ceiling ceiling, int threads) { return bench::burst(ceiling, threads); }

std::vector<Backend> backends() {
  std::vector<Backend> all;
  for (const Implementation& one : implementations()) all.push_back(one.about);
  return all;
}

bool takes(const Backend& backend, const Config& config) {
  const Implementation& implementation = find(backend);
  if (implementation.attend_bfloat16 && config.projections != Projections::none) return false;
  return !implementation.takes || implementation.takes(core_extents(config));
}

std::int64_t core_workspace(const Backend& backend, const Config& config) {
  return find(backend).workspace(core_extents(config));
}

Tensor attend(const Backend& backend, const Tensor& q, const Tensor& k, const Tensor& v, const Masks& masks) {
  const Implementation& implementation = find(backend);
  if (implementation.attend_bfloat16) return implementation.attend_bfloat16({q, to_bfloat16(k), to_bfloat16(v), masks});
  if (!implementation.attend) throw std::domain_error("only as a whole layer, or in training");
  return implementation.attend({q, k, v, masks});
}

}  // namespace workbook::attention_layer
