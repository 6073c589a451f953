#include "common/bench/cost.h"

#include <algorithm>
#include <fstream>

#include "common/bench/inputs.h"

namespace workbook::bench {

namespace {

using attention_layer::Input;
using attention_layer::Projections;

double real(std::int64_t value) { return static_cast<double>(value); }

double tokens(const Config& c) { return real(c.extents.batch * c.extents.q_len); }

/// Of all products with weights.
double projection_flops(const Config& c) {
  const Extents& e = c.extents;
  double flops = 0;
  for (const Input input : attention_layer::weights_of(c.projections)) {
    const bool of_memory = input == Input::w_k || input == Input::w_v;
    const double rows = of_memory ? real(e.batch * e.kv_len) : tokens(c);
    flops += 2 * rows * real(attention_layer::shape_of(input, e).size());
  }
  return flops;
}

std::int64_t elements(const std::vector<Input>& inputs, const Extents& e) {
  std::int64_t sum = 0;
  for (const Input input : inputs) sum += attention_layer::shape_of(input, e).size();
  return sum;
}

std::int64_t result_elements(const Config& c) {
  const Extents& e = c.extents;
  if (c.projections == Projections::training)
    return 2 * e.batch * e.head_dim * (e.heads * e.q_len + e.kv_heads * e.kv_len);
  return e.batch * e.q_len * (c.projections == Projections::none ? e.heads * e.head_dim : e.d_model);
}

}  // namespace

double visible_pairs(const Config& c) {
  const double q_len = real(c.extents.q_len), kv_len = real(c.extents.kv_len);
  if (c.mask == Mask::none) return q_len * kv_len;
  return q_len * (q_len + 1) / 2 + q_len * (kv_len - q_len);  // the last query sees every key
}

double useful_flops(const Config& c, Formula formula) {
  const Extents& e = c.extents;
  const double heads = real(e.batch * e.heads), head_dim = real(e.head_dim);
  if (formula == Formula::training) return 3 * heads * visible_pairs(c) * 4 * head_dim;  // six products
  if (formula != Formula::softmax)  // each key is added to a state, and each query reads it
    return projection_flops(c) + heads * 2 * head_dim * head_dim * (real(e.kv_len) + real(e.q_len));
  const bool latent = c.projections == Projections::latent;
  const double key_dim = latent ? head_dim + real(attention_layer::latent_shape(e).rope_dim) : head_dim;
  return projection_flops(c) + heads * visible_pairs(c) * 2 * (key_dim + head_dim);
}

std::int64_t input_bytes(const Config& c) {
  return 4 * (elements(attention_layer::inputs_of(c.projections), c.extents) +
              elements(attention_layer::weights_of(c.projections), c.extents));
}

double compulsory_bytes(const Config& c, const attention_layer::Backend& backend) {
  const std::int64_t width = bytes_of(backend.dtypes.front()), in_float = input_bytes(c) + 4 * result_elements(c);
  if (backend.device != "cpu") return real(in_float / 4 * width);
  return real(in_float - (4 - width) * elements({Input::k, Input::v}, c.extents));
}

std::int64_t peak_estimate(const Config& c, std::int64_t core_workspace) {
  const Extents& e = c.extents;
  if (attention_layer::weights_of(c.projections).empty()) return core_workspace;
  const std::int64_t q = e.batch * e.q_len * e.heads * e.head_dim;
  const std::int64_t kv = 2 * e.batch * e.kv_len * e.kv_heads * e.head_dim;
  const std::int64_t products = c.projections == Projections::joined ? q + kv : 0;  // stays beside its parts
  std::int64_t projected = q + kv + products;
  if (c.projections == Projections::latent) projected = 3 * (q / e.head_dim) * (e.head_dim + e.head_dim / 2);
  // Afterwards: the heads' results, merged, and the layer's.
  return std::max(4 * projected + core_workspace, 4 * (2 * q + result_elements(c)));
}

std::int64_t result_bytes(const Config& c) { return (4 + 8) * result_elements(c); }

std::int64_t reference_bytes(const Config& c) {
  const Extents& e = c.extents;
  const std::int64_t q = e.batch * e.q_len * e.heads * e.head_dim;
  const std::int64_t kv = 2 * e.batch * e.kv_len * e.kv_heads * e.head_dim;
  std::int64_t widest = 0;
  for (const Input input : attention_layer::weights_of(c.projections))
    widest = std::max(widest, attention_layer::shape_of(input, e).size());
  return 8 * (2 * q + 2 * kv + elements(attention_layer::inputs_of(c.projections), e) + 2 * widest) + result_bytes(c);
}

std::int64_t bytes_of(const std::string& dtype) { return dtype == "float16" || dtype == "bfloat16" ? 2 : 4; }

std::int64_t available_memory() {
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("MemAvailable:")) return std::stoll(line.substr(13)) * 1024;
  return std::int64_t{4} << 30;
}

}  // namespace workbook::bench
