// The layer around a CUDA lesson's kernels, all of it on the device. The same functions as attention_layer.cpp has for
// the others; the products of the projections are cuBLAS's.

#include "attention_layer.h"
#include "common/bench/device_backend.h"
#include "common/bench/inputs.h"

namespace workbook::attention_layer {

namespace {

using bench::Product;

const DeviceImplementation& find(const Backend& backend) {
  static const std::vector<DeviceImplementation> all = device_implementations();
  for (const DeviceImplementation& one : all)
    if (one.name == backend.name && backend.formula == Formula::softmax) return one;
  throw std::invalid_argument("no backend " + backend.name + " here");
}

/// A tensor's copy on the device.
class OnDevice {
 public:
  explicit OnDevice(const Shape& shape) : shape_(shape), memory_(bytes()) {}
  explicit OnDevice(const Tensor& from) : OnDevice(from.shape()) { memory_.upload(from.data()); }

  float* data() const { return static_cast<float*>(memory_.data()); }
  DeviceTensor<const float> read() const { return {data(), shape_}; }
  DeviceOutput<float> written() const { return {data(), shape_}; }

  Tensor downloaded() const {
    synchronize_device();
    Tensor to(shape_);
    memory_.download(to.data());
    return to;
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(shape_.size()) * sizeof(float); }

  Shape shape_;
  DeviceBuffer memory_;
};

/// One layer with its tensors on the device.
class Layer {
 public:
  Layer(const Config& config, const std::vector<Tensor>& inputs, const std::map<Input, Tensor>& weights)
      : config_(config), out_(inputs.front().shape()) {
    const Extents& e = config.extents;
    for (const Tensor& input : inputs) inputs_.emplace_back(input);
    for (const auto& [input, weight] : weights) weights_.emplace_back(weight);
    if (weights.empty()) return;
    heads_.emplace_back(Shape{e.batch, e.heads, e.q_len, e.head_dim});
    for (int i = 0; i < 2; ++i) heads_.emplace_back(Shape{e.batch, e.kv_heads, e.kv_len, e.head_dim});
    heads_.emplace_back(Shape{e.batch, e.heads, e.q_len, e.head_dim});
  }

  bench::Device& device() { return device_; }
  Tensor result() const { return out_.downloaded(); }

  void enqueue(const DeviceImplementation& backend) {
    if (weights_.empty()) {
      backend.enqueue({inputs_[0].read(), inputs_[1].read(), inputs_[2].read(), out_.written(), config_.mask, device_});
      return;
    }
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
  void project(const OnDevice& x, std::int64_t length, const OnDevice& w, std::int64_t heads, const OnDevice& to) {
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
  std::vector<OnDevice> inputs_, weights_;
  std::vector<OnDevice> heads_;  // q, k, v and the attention's result; none without projections
  OnDevice out_;
};

}  // namespace

Runner::Runner(Config config) : config_(config) {
  if (config.projections == Projections::latent) throw std::domain_error("no latent layers on a GPU yet");
  if (config.projections == Projections::training) throw std::domain_error("no training on a GPU yet");
  for (const Input input : inputs_of(config.projections)) inputs_.push_back(make(input, config.extents));
  for (const Input input : weights_of(config.projections)) weights_.emplace(input, make(input, config.extents));
}

std::vector<Tensor> Runner::forward(const Backend& backend) {
  Layer layer(config_, inputs_, weights_);
  layer.enqueue(find(backend));
  return {layer.result()};
}

Sample Runner::measure(const Backend& backend, Ceiling ceiling) {
  Layer layer(config_, inputs_, weights_);
  const auto run = [&] { layer.enqueue(find(backend)); };
  run();  // loads kernels, and takes the memory that is kept
  Sample sample{.before = layer.device().burst(ceiling)};
  sample.seconds = layer.device().seconds(run);
  sample.after = layer.device().burst(ceiling);
  return sample;
}

double rate(Ceiling ceiling, int /*threads*/) { return bench::Device().burst(ceiling); }

/// On a device it is always cuBLAS.
std::string multiplier() { return {}; }

std::vector<Backend> backends() {
  std::vector<Backend> all;
  for (const DeviceImplementation& one : device_implementations()) all.push_back({.name = one.name, .device = "cuda"});
  return all;
}

/// All layers that the benchmark offers to a device.
bool takes(const Backend& /*backend*/, const Config& /*config*/) { return true; }

std::int64_t core_workspace(const Backend& backend, const Config& config) {
  const Extents& e = config.extents;
  return find(backend).workspace(e) + 4 * e.batch * e.heads * e.q_len * e.head_dim;  // and the result
}

Tensor attend(const Backend& backend, const Tensor& q, const Tensor& k, const Tensor& v, const Masks& masks) {
  const Mask mask = only_mask(masks);
  const OnDevice q_device(q), k_device(k), v_device(v), out(q.shape());
  bench::Device device;
  find(backend).enqueue({q_device.read(), k_device.read(), v_device.read(), out.written(), mask, device});
  return out.downloaded();
}

}  // namespace workbook::attention_layer
