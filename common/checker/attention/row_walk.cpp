#include "common/checker/attention/row_walk.h"

namespace workbook::attention_tests {

double float_exp(double x) {
  return x < -103.9 ? 0 : x > 88.72 ? std::numeric_limits<double>::infinity() : std::exp(x);
}

namespace {

bool sees_nothing(const oracle::Attention& right, std::int64_t i, std::int64_t kv_len) {
  bool blind = right.visible != nullptr;
  for (std::int64_t j = 0; j < kv_len && blind; ++j) blind = !right.visible(i, j);
  return blind;
}

/// The scores of one head, [q_len, kv_len], -inf where hidden.
Tensor64 scores_of_head(const Tensor64& q, const Tensor64& k, std::int64_t b, std::int64_t h, std::int64_t kv,
                        const oracle::Attention& right, const RowSlip& slip) {
  const double scale = right.scale.value_or(1 / std::sqrt(static_cast<double>(q.dim(3))));
  const std::int64_t channels = std::min(slip.score_channels, q.dim(3));
  Tensor64 scores({q.dim(2), k.dim(2)}, RowSlip::kNone);
  for (std::int64_t i = 0; i < q.dim(2); ++i) {
    const bool blind = sees_nothing(right, i, k.dim(2));
    for (std::int64_t j = slip.first_key; j < std::min(slip.keys, k.dim(2)); ++j) {
      const bool seen = !right.visible || right.visible(i, j) || (blind && slip.blind_row >= BlindRow::all_keys);
      double sum = 0;
      for (std::int64_t d = 0; d < channels; ++d)
        sum +=
            q.at(b, h, i, d) * (slip.keys_are_queries ? q.at(b, h, std::min(j, q.dim(2) - 1), d) : k.at(b, kv, j, d));
      scores.at(i, j) = seen ? scale * sum : slip.hidden_added ? scale * sum + slip.hidden_score : slip.hidden_score;
    }
  }
  return scores;
}

/// Scores become weights along one row or column. `sum` is where their sum begins, and what it has become.
void weigh(std::span<double> row, const RowSlip& slip, double& sum) {
  const bool blind = std::ranges::all_of(row, [](double x) { return x == RowSlip::kNone; });
  if (slip.weighs_with_scores || blind) {
    const double hidden = slip.blind_row == BlindRow::nan    ? std::nan("")
                          : slip.blind_row == BlindRow::mean ? 1 / static_cast<double>(row.size())
                                                             : 0;
    for (double& x : row) x = x == RowSlip::kNone ? (blind ? hidden : 0) : x;
    return;
  }
  double max = slip.max_from;
  for (const double x : row) max = std::max(max, x);
  for (const double x : row)
    if (slip.smallest_off && x != RowSlip::kNone) max = std::min(max, x);
  for (double& x : row) sum += x = float_exp(slip.without_max ? x : x - max);
  if (sum > std::numeric_limits<float>::max()) sum = std::numeric_limits<double>::infinity();
  if (slip.not_divided || (sum == 0 && slip.empty_sum_is_one)) return;
  for (double& x : row) x /= sum;
}

}  // namespace

Tensor64 row_walk(const Tensor64& q, const Tensor64& k, const Tensor64& v, const oracle::Attention& right,
                  const RowSlip& slip) {
  const std::int64_t batch = q.dim(0), heads = q.dim(1), q_len = q.dim(2), kv_len = k.dim(2);
  const std::int64_t n_rep = std::max<std::int64_t>(1, heads / std::max<std::int64_t>(1, k.dim(1)));
  Tensor64 out({batch, heads, q_len, v.dim(3)});
  std::vector<double> row_before(static_cast<std::size_t>(v.dim(3)));
  Tensor64 scores_before({q_len, kv_len}), weights_before({q_len, kv_len});
  Tensor64 left({kv_len});
  const auto blind = [&](std::int64_t i) { return sees_nothing(right, i, kv_len); };
  double sum = 0;
  for (std::int64_t b = 0; b < batch; ++b) {
    std::vector<Tensor64> weights;
    for (std::int64_t h = 0; h < heads; ++h) {
      weights.push_back(scores_of_head(q, k, b, h, h / n_rep, right, slip));
      Tensor64& scores = weights.back();
      if (slip.scores_add_up)
        for (std::int64_t e = 0; e < scores.size(); ++e)
          if (double& x = scores.values()[e]; x != RowSlip::kNone) x = scores_before.values()[e] += x;
    }
    for (std::int64_t h = 0; h < heads && !slip.over_heads; ++h) {
      if (slip.sum_goes_on_in_head) sum = 0;
      for (std::int64_t e = 0; e < q_len * kv_len && slip.weights_add_up; ++e)
        weights[h].values()[e] += weights_before.values()[e];
      Tensor64 turned({kv_len, q_len});
      for (std::int64_t i = 0; i < q_len && slip.over_queries; ++i)
        for (std::int64_t j = 0; j < kv_len; ++j) turned.at(j, i) = weights[h].at(i, j);
      Tensor64& rows = slip.over_queries ? turned : weights[h];
      for (std::int64_t i = 0; i < rows.dim(0); ++i) {
        if (!slip.sum_goes_on && !slip.sum_goes_on_in_head) sum = 0;
        if (slip.blind_row == BlindRow::scores && blind(i)) continue;
        weigh(rows.row(i), slip, sum);
        if (!slip.hidden_keep || blind(i)) continue;
        for (std::int64_t j = 0; j < kv_len; ++j)
          left.at(j) = rows.at(i, j) = right.visible && !right.visible(i, j) ? left.at(j) : rows.at(i, j);
      }
      for (std::int64_t i = 0; i < q_len && slip.over_queries; ++i)
        for (std::int64_t j = 0; j < kv_len; ++j) weights[h].at(i, j) = turned.at(j, i);
      if (slip.weights_add_up) weights_before = weights[h];
    }
    for (std::int64_t e = 0; e < q_len * kv_len && slip.over_heads; ++e) {
      std::vector<double> of_pair;
      for (const Tensor64& w : weights) of_pair.push_back(w.values()[e]);
      sum = 0;
      weigh(of_pair, slip, sum);
      for (std::int64_t h = 0; h < heads; ++h) weights[h].values()[e] = of_pair[h];
    }
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < std::min(q_len, slip.rows); ++i) {
        const auto row = out.row(b, h, i);
        if (slip.output_goes_on) std::ranges::copy(row_before, row.begin());
        for (std::int64_t j = 0; j < kv_len; ++j)
          if (const double weight = weights[h].at(i, j); weight != 0)
            for (std::int64_t d = 0; d < std::min(v.dim(3), slip.value_channels); ++d)
              row[d] += weight * (slip.values_are_keys ? k.at(b, h / n_rep, j, std::min(d, k.dim(3) - 1))
                                                       : v.at(b, h / n_rep, j, d));
        std::ranges::copy(row, row_before.begin());
      }
  }
  return out;
}

}  // namespace workbook::attention_tests
