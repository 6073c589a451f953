#pragma once
/// How threads share attention. A lesson's function knows nothing of threads: each thread calls it on the part of the
/// heads and queries that is its own.

#include "backend.h"

namespace workbook::bench {

/// The backend's attention by config.threads threads. It is called once if it has threads of its own.
Tensor attend(const attention_layer::Implementation& backend, const Tensor& q, const Tensor& k, const Tensor& v,
              const attention_layer::Config& config);
Tensor attend(const attention_layer::Implementation& backend, const Tensor& q, const TensorOf<bfloat16>& k,
              const TensorOf<bfloat16>& v, const attention_layer::Config& config);

/// A training step by config.threads threads. @param inputs q, k, v and the gradient of the output
attention_layer::Trained train(const attention_layer::Implementation& backend, std::vector<Tensor>& inputs,
                               const attention_layer::Config& config);

}  // namespace workbook::bench
