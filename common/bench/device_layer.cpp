// The layer around a CUDA lesson's kernels, all of it on the device. The same functions as attention_layer.cpp has for
// the others; the products of the projections are cuBLAS's.

#include <algorithm>
#include <type_traits>

#include "attention_layer.h"
#include "common/bench/device_backend.h"
#include "common/bench/inputs.h"

namespace workbook::attention_layer {

namespace {

using bench::Product;

/// The function of a backend in one type; null if it has none.
template <class T>
auto enqueue_of(const DeviceImplementation& backend) {
  if constexpr (std::is_same_v<T, float>)
    return backend.enqueue;
  else if constexpr (std::is_same_v<T, float16>)
    return backend.enqueue_float16;
  else
    return backend.enqueue_bfloat16;
}

/// The rows that an implementation has, by their types.
std::vector<Backend> rows_of(const DeviceImplementation& one) {
  std::vector<Backend> rows;
  const auto add = [&](bool offered, const char* dtype) {
    if (offered) rows.push_back({.name = one.name, .device = "cuda", .dtypes = {dtype}});
  };
  add(one.enqueue, "float32");
  add(one.enqueue_float16, "float16");
  add(one.enqueue_bfloat16, "bfloat16");
  return rows;
}

/// f of a value of the backend's type.
template <class F>
auto with_type(const Backend& backend, F f) {
  if (backend.dtypes.front() == "float16") return f(float16());
  if (backend.dtypes.front() == "bfloat16") return f(bfloat16());
  return f(float());
}

/// The one that has this row.
const DeviceImplementation& find(const Backend& backend) {
  static const std::vector<DeviceImplementation> all = device_implementations();
  for (const DeviceImplementation& one : all)
    for (const Backend& row : rows_of(one))
      if (row.name == backend.name && row.dtypes == backend.dtypes && backend.formula == Formula::softmax) return one;
  throw std::invalid_argument("no backend " + backend.name + " here");
}

/// x in another type, rounded to the nearest.
template <class To, class From>
TensorOf<To> converted(const TensorOf<From>& x) {
  TensorOf<To> result(x.shape());
  std::ranges::transform(x.values(), result.data(), [](From value) { return static_cast<To>(value); });
  return result;
}

/// A tensor's copy on the device, rounded to T.
template <class T>
class OnDevice {
 public:
  explicit OnDevice(const Shape& shape) : shape_(shape), memory_(bytes()) {}
  explicit OnDevice(const Tensor& from) : OnDevice(from.shape()) { memory_.upload(converted<T>(from).data()); }

  T* data() const { return static_cast<T*>(memory_.data()); }
  DeviceTensor<const T> read() const { return {data(), shape_}; }
  DeviceOutput<T> written() const { return {data(), shape_}; }

  Tensor downloaded() const {
    synchronize_device();
    TensorOf<T> to(shape_);
    memory_.download(to.data());
    return converted<float>(to);
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(shape_.size()) * sizeof(T); }

  Shape shape_;
  DeviceBuffer memory_;
};

/// Attention alone, with its tensors on the device.
template <class T>
class Core {
 public:
  Core(const DeviceImplementation& backend, const Tensor& q, const Tensor& k, const Tensor& v, Mask mask)
      : q_(q), k_(k), v_(v), out_(q.shape()), mask_(mask) {
    if (!backend.prepare) return;
    const TensorOf<T> k_here = converted<T>(k), v_here = converted<T>(v);
    backend.prepare(
        {std::as_bytes(std::span(k_here.values())), std::as_bytes(std::span(v_here.values())), k.shape(), sizeof(T)},
        device_);
  }

  bench::Device& device() { return device_; }
  Tensor result() const { return out_.downloaded(); }
  void enqueue(const DeviceImplementation& backend) {
    enqueue_of<T>(backend)({q_.read(), k_.read(), v_.read(), out_.written(), mask_, device_});
  }

 private:
  bench::Device device_;
  OnDevice<T> q_, k_, v_, out_;
  Mask mask_;
};

/// One layer with its projections, in float32, with its tensors on the device.
class Layer {
 public:
  Layer(const Config& config, const std::vector<Tensor>& inputs, const std::map<Input, Tensor>& weights)
      : config_(config), out_(inputs.front().shape()) {
    const Extents& e = config.extents;
    for (const Tensor& input : inputs) inputs_.emplace_back(input);
    for (const auto& [input, weight] : weights) weights_.emplace_back(weight);
    heads_.emplace_back(Shape{e.batch, e.heads, e.q_len, e.head_dim});
    for (int i = 0; i < 2; ++i) heads_.emplace_back(Shape{e.batch, e.kv_heads, e.kv_len, e.head_dim});
    heads_.emplace_back(Shape{e.batch, e.heads, e.q_len, e.head_dim});
  }

  bench::Device& device() { return device_; }
  Tensor result() const { return out_.downloaded(); }

  void enqueue(const DeviceImplementation& backend) {
    const Extents& e = config_.extents;
    project(inputs_.front(), e.q_len, weights_[0], e.heads, heads_[0]);
    project(inputs_.back(), e.kv_len, weights_[1], e.kv_heads, heads_[1]);
    project(inputs_.back(), e.kv_len, weights_[2], e.kv_heads, heads_[2]);
    backend.enqueue({heads_[0].read(), heads_[1].read(), heads_[2].read(), heads_[3].written(), config_.mask, device_});
    // Each head's part of the last product, added up.
    for (std::int64_t h = 0; h < e.heads; ++h)
      device_.multiply({.a = {heads_[3].data() + h * e.q_len * e.head_dim, e.head_dim, e.heads * e.q_len * e.head_dim},
                        .b = {weights_[3].data() + h * e.head_dim * e.d_model, e.d_model, 0},
                        .c = out_.data(),
                        .c_row_pitch = e.d_model,
                        .c_matrix_pitch = e.q_len * e.d_model,
                        .batch = e.batch,
                        .rows = e.q_len,
                        .columns = e.d_model,
                        .inner = e.head_dim,
                        .add = h > 0});
  }

 private:
  /// x w, each head's columns to the place that the attention reads.
  void project(const OnDevice<float>& x, std::int64_t length, const OnDevice<float>& w, std::int64_t heads,
               const OnDevice<float>& to) {
    const Extents& e = config_.extents;
    for (std::int64_t h = 0; h < heads; ++h)
      device_.multiply({.a = {x.data(), e.d_model, length * e.d_model},
                        .b = {w.data() + h * e.head_dim, heads * e.head_dim, 0},
                        .c = to.data() + h * length * e.head_dim,
                        .c_row_pitch = e.head_dim,
                        .c_matrix_pitch = heads * length * e.head_dim,
                        .batch = e.batch,
                        .rows = length,
                        .columns = e.head_dim,
                        .inner = e.d_model});
  }

  Config config_;
  bench::Device device_;
  std::vector<OnDevice<float>> inputs_, weights_;
  std::vector<OnDevice<float>> heads_;  // q, k, v and the attention's result
  OnDevice<float> out_;
};

/// f of the layer, or of the core where there are no projections.
template <class F>
auto with_layer(const Config& config, const std::vector<Tensor>& inputs, const std::map<Input, Tensor>& weights,
                const Backend& backend, F f) {
  if (!weights.empty()) {
    Layer layer(config, inputs, weights);
    return f(layer);
  }
  return with_type(backend, [&](auto type) {
    Core<decltype(type)> core(find(backend), inputs[0], inputs[1], inputs[2], config.mask);
    return f(core);
  });
}

}  // namespace

Runner::Runner(Config config) : config_(config) {
  if (config.projections == Projections::latent) throw std::domain_error("no latent layers on a GPU yet");
  if (config.projections == Projections::training) throw std::domain_error("no training on a GPU yet");
  for (const Input input : inputs_of(config.projections)) inputs_.push_back(make(input, config.extents));
  for (const Input input : weights_of(config.projections)) weights_.emplace(input, make(input, config.extents));
}

std::vector<Tensor> Runner::forward(const Backend& backend) {
  return with_layer(config_, inputs_, weights_, backend, [&](auto& layer) {
    layer.enqueue(find(backend));
    return std::vector<Tensor>{layer.result()};
  });
}

Sample Runner::measure(const Backend& backend, Ceiling ceiling) {
  return with_layer(config_, inputs_, weights_, backend, [&](auto& layer) {
    const auto run = [&] { layer.enqueue(find(backend)); };
    run();  // loads kernels, and takes the memory that is kept
    Sample sample{.before = layer.device().burst(ceiling)};
    sample.seconds = layer.device().seconds(run);
    sample.after = layer.device().burst(ceiling);
    return sample;
  });
}

double rate(Ceiling ceiling, int /*threads*/) { return bench::Device().burst(ceiling); }

/// On a device it is always cuBLAS.
std::string multiplier() { return {}; }

std::vector<Backend> backends() {
  std::vector<Backend> all;
  for (const DeviceImplementation& one : device_implementations())
    for (const Backend& row : rows_of(one)) all.push_back(row);
  return all;
}

/// All layers that the benchmark offers to a device; in 16 bits attention alone.
bool takes(const Backend& backend, const Config& config) {
  const DeviceImplementation& one = find(backend);
  if (backend.dtypes.front() != "float32" && config.projections != Projections::none) return false;
  return !one.takes || one.takes(config.extents);
}

std::int64_t core_workspace(const Backend& backend, const Config& config) {
  const Extents& e = config.extents;
  const std::int64_t element = backend.dtypes.front() == "float32" ? 4 : 2;
  return find(backend).workspace(e) + element * e.batch * e.heads * e.q_len * e.head_dim;  // and the result
}

Tensor attend(const Backend& backend, const Tensor& q, const Tensor& k, const Tensor& v, const Masks& masks) {
  const Mask mask = only_mask(masks);
  return with_type(backend, [&](auto type) {
    Core<decltype(type)> core(find(backend), q, k, v, mask);
    core.enqueue(find(backend));
    return core.result();
  });
}

}  // namespace workbook::attention_layer
