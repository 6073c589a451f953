#include "one_pass.h"
#include "rows.h"

using namespace workbook;
using namespace workbook::online_softmax;

TEST_CASE("a chunk with a larger logit shrinks the past", "[basic][extend][2pt]") {
  const auto before = random_logits(5), chunk = random_logits(4, GENERATE(2.f, 5.f));
  const Normalizer seen = rounded(part_of(before));
  check_extended(student<extend>(seen, chunk), seen, chunk, 9);
}

TEST_CASE("a chunk without one leaves max alone", "[basic][extend][1pt]") {
  const auto before = random_logits(5), chunk = random_logits(4, GENERATE(-2.f, -5.f));
  const Normalizer seen = rounded(part_of(before));
  check_extended(student<extend>(seen, chunk), seen, chunk, 9);
}

TEST_CASE("chunks of any size give the sum of the row", "[basic][extend][1pt]") {
  const auto row = random_logits(60, 0, GENERATE(1.f, 10.f));
  const std::size_t size = GENERATE(1, 7, 20, 60, 100);
  Normalizer seen;
  for (std::size_t first = 0; first < row.size(); first += size) {
    const Normalizer past = seen;
    const Logits chunk = Logits(row).subspan(first, std::min(size, row.size() - first));
    seen = student<extend>(past, chunk);
    check_extended(seen, past, chunk, 60);
  }
  CHECK_THAT(seen.sum, matches(part_of(row).sum, sum_tolerance(60, 60)));
}

TEST_CASE("masked keys weigh nothing, wherever they come", "[basic][extend][1pt]") {
  const std::vector<float> masked(3, -kInfinity), logits = random_logits(4);
  std::vector<std::vector<float>> chunks;
  SECTION("before all others") { chunks = {masked, logits}; }
  SECTION("after all others") { chunks = {logits, masked}; }
  SECTION("among them") { chunks = {{logits[0], -kInfinity, logits[1]}, {-kInfinity, logits[2], logits[3]}}; }
  Normalizer seen;
  for (const auto& chunk : chunks) {
    const Normalizer past = seen;
    seen = student<extend>(past, chunk);
    check_extended(seen, past, chunk, 7);
  }
  CHECK_THAT(seen.sum, matches(part_of(logits).sum, sum_tolerance(7, 2)));
}

TEST_CASE("no logits at all change nothing", "[basic][extend][1pt]") {
  const Normalizer seen = GENERATE(Normalizer{}, Normalizer{0.75f, 3.25f}, Normalizer{-1000, 1});
  check_extended(student<extend>(seen, Logits()), seen, {}, 1);
}

TEST_CASE("logits as low as floats go are no mask", "[basic][extend][1pt]") {
  for (const float low : ever_lower()) {
    const std::vector<float> logits(4, low);
    const Normalizer got = student<extend>({}, logits);
    check_extended(got, {}, logits, 4);
    check_extended(student<extend>(got, logits), got, logits, 8);
  }
}

TEST_CASE("two parts merge, whichever has the larger logit", "[basic][merge][2pt]") {
  const Normalizer a = rounded(part_of(random_logits(5))), b = rounded(part_of(random_logits(4, GENERATE(3.f, -3.f))));
  check_step(student<merge>(a, b), exactly(a), exactly(b), 9);
}

TEST_CASE("merge in any order", "[basic][merge][3pt]") {
  const auto row = random_logits(200, 0, GENERATE(3.f, 1000.f));
  const Order order = GENERATE(Order::first_to_last, Order::last_to_first, Order::pairs, Order::random);
  std::vector<Normalizer> parts;
  for (const Logits logits : cut_anywhere(row, 12)) parts.push_back(rounded(part_of(logits)));
  INFO("order: " << name_of_order(order));
  for (const auto& [i, j] : merges(parts.size(), order)) {
    const Part a = exactly(parts[i]), b = exactly(parts[j]);
    parts[i] = student<merge>(parts[i], parts[j]);
    check_step(parts[i], a, b, 200);
  }
  const Part whole = part_of(row);
  CHECK_THAT(parts[0].max, matches(whole.max, max_tolerance()));
  CHECK_THAT(parts[0].sum, matches(whole.sum, sum_tolerance(200, 12)));
}

TEST_CASE("a part without keys changes nothing", "[basic][merge][1pt]") {
  const Normalizer a = GENERATE(Normalizer{}, Normalizer{0.75f, 3.25f}, Normalizer{-1000, 1});
  const Normalizer left = student<merge>({}, a);
  CHECK_THAT(left.max, matches_larger({}, exactly(a)));
  CHECK_THAT(left.sum, matches_step({}, exactly(a), a.sum, same_sum()));
  const Normalizer right = student<merge>(a, {});
  CHECK_THAT(right.max, matches_larger(exactly(a), {}));
  CHECK_THAT(right.sum, matches_step(exactly(a), {}, a.sum, same_sum()));
}

TEST_CASE("a part holds its own keys", "[basic][attend][3pt]") {
  const auto [first, count] = GENERATE(table<int, int>({{0, 11}, {0, 4}, {4, 7}, {6, 1}}));
  const Row row = random_row(11, 8);
  check_attended(student<attend>(row.q, row.k, row.v, first, count), row, first, count);
}

TEST_CASE("a part of many keys with many channels", "[basic][attend][1pt]") {
  const Row row = random_row(1300, 201);
  check_attended(student<attend>(row.q, row.k, row.v, 100, 1100), row, 100, 1100);
}

TEST_CASE("a small weight counts, too", "[basic][attend][1pt]") {
  const Row row = with_a_far_key(GENERATE(12.f, 25.f, 70.f));
  check_attended(student<attend>(row.q, row.k, row.v, 0, 9), row, 0, 9);
}

TEST_CASE("two parts of attention merge", "[basic][merge_attention][2pt]") {
  const Row row = random_row(12, 8);
  const int cut = GENERATE(1, 5, 11);
  const Part a = attended(row, 0, cut), b = attended(row, cut, 12 - cut);
  check_merged(student<merge_attention>(rounded_attention(a), rounded_attention(b)), a, b, row, 0, 12);
  check_merged(student<merge_attention>(rounded_attention(b), rounded_attention(a)), b, a, row, 0, 12);
}

TEST_CASE("attention merges in any order", "[basic][merge_attention][2pt]") {
  const Row row = random_row(60, 8, 4);
  const Order order = GENERATE(Order::first_to_last, Order::last_to_first, Order::pairs, Order::random);
  std::vector<PartialAttention> parts;
  for (std::int64_t first = 0; first < 60; first += 6) parts.push_back(rounded_attention(attended(row, first, 6)));
  INFO("order: " << name_of_order(order));
  for (const auto& [i, j] : merges(parts.size(), order)) parts[i] = student<merge_attention>(parts[i], parts[j]);
  const Part whole = attended(row, 0, 60);
  CHECK_THAT(parts[0].max, matches_max(whole, row));
  CHECK_THAT(parts[0].sum, matches_sum(whole, row, 60, 10));
  CHECK_THAT(parts[0].weighted, matches_weighted(whole, row, 60, 10));
}

TEST_CASE("parts have any number of channels", "[basic][merge_attention][1pt]") {
  const Row row = random_row(6, 301);
  const Part a = attended(row, 0, 4), b = attended(row, 4, 2);
  check_merged(student<merge_attention>(rounded_attention(a), rounded_attention(b)), a, b, row, 0, 6);
}

TEST_CASE("one pass gives the attention of the row", "[basic][one_pass_attention][2pt]") {
  const Row row = random_row(12, 8);
  const int chunk = GENERATE(4, 3, 1, 12);
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk), matches_row(row, chunk));
}

TEST_CASE("the last chunk may be shorter", "[basic][one_pass_attention][1pt]") {
  const Row row = random_row(13, 8);
  const int chunk = GENERATE(4, 12, 14, 1000);
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk), matches_row(row, chunk));
}

TEST_CASE("a single key's value is the result, bit by bit", "[basic][one_pass_attention][1pt]") {
  const int chunk = GENERATE(1, 3);
  Row row = random_row(1, 7, 20);
  SECTION("there is no other") {}
  SECTION("all others are masked") {
    row = row_of_logits(std::vector<float>{-kInfinity, -kInfinity, -kInfinity, 0.3f, -kInfinity, -kInfinity});
  }
  const Tensor value = row.kv_len() == 1 ? row.v : Tensor({1, 1}, row.v.at(3, 0));
  Matches right = matches_row(row, chunk, matches(value, {0, 0, "one weight, 1 / 1"}));
  for (const float epsilon : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f})
    std::move(right).but_not(
        [=] {
          Tensor result = value;
          for (float& x : result.values()) x /= 1 + epsilon;
          return result;
        },
        "something small was added to the sum. The largest weight is exp(0) = 1, so the sum is at least 1, unless "
        "there "
        "are no keys; treat that case by itself and leave the others exact");
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk), right);
}

TEST_CASE("many keys with many channels, and any chunk", "[basic][one_pass_attention][1pt]") {
  const auto [kv_len, head_dim, chunk] = GENERATE(table<int, int, int>(
      {{60, 201, 7}, {1100, 9, 7}, {1100, 201, 1050}, {1100, 9, std::numeric_limits<int>::max()}}));
  const Row row = random_row(kv_len, head_dim);
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk), matches_row(row, chunk));
}

TEST_CASE("a pass knows nothing of the passes before", "[basic][one_pass_attention][1pt]") {
  const Row first = random_row(9, 8);
  Row broken = random_row(9, 8);
  broken.v.at(2, 3) = std::nanf("");
  const Row last = random_row(9, 8);
  const int chunk = GENERATE(4, 9);
  const Tensor before = student<one_pass_attention>(first.q, first.k, first.v, chunk);
  CHECK_THAT(before, matches_row(first, chunk));
  CHECK_THAT(student<one_pass_attention>(last.q, last.k, last.v, chunk), matches_after(last, chunk, first, before));
  student<one_pass_attention>(broken.q, broken.k, broken.v, chunk);
  CHECK_THAT(student<one_pass_attention>(last.q, last.k, last.v, chunk), matches_after(last, chunk, first, before));
}

TEST_CASE("every key and value is read once", "[basic][count][one_pass_attention][2pt]") {
  const Row row = random_row(50, 8);
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 8), matches_row(row, 8));
  CHECK_THAT(evidence(), reads_once(row.k, "keys"));
  CHECK_THAT(evidence(), reads_once(row.v, "values"));
  remark("keys: " + size_text(50 * 8 * sizeof(float)) +
         ", read: " + size_text(evidence().bytes_read(row.k).value_or(0)));
}
