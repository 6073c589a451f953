#pragma once
/// Backends to choose from, questions that differ in one thing, and the decision that the contract wants.

#include "costs.h"

namespace workbook::backend_selection {

inline std::vector<Candidate> some_candidates() {
  const Backend unfused{.name = "unfused", .boolean_mask = true, .bias = true};
  const Backend row{.name = "row", .algorithm = Algorithm::fused, .boolean_mask = true};
  const Backend tiles{.name = "tiles",
                      .algorithm = Algorithm::flash,
                      .dtypes = {DType::float32, DType::float16},
                      .multiple_of = 8,
                      .max_head_dim = 256,
                      .q_tile = 64,
                      .kv_tile = 32};
  Backend tensor_cores = tiles;
  tensor_cores.name = "tensor-cores", tensor_cores.device = Device::cuda;
  tensor_cores.dtypes = {DType::bfloat16, DType::float16};
  return {{unfused, {1.1e-11, 1e-9, 2.5e-10, 1e-5}},
          {row, {3.3e-11, 1e-9, 1e-10, 2e-7}},
          {tiles, {8e-12, 2e-9, 1.3e-10, 1e-6}},
          {tensor_cores, {2e-14, 3e-13, 5e-13, 6e-6}}};
}

inline Why obstacle(const Backend& b, const Problem& p, const Constraints& constraints) {
  if (!std::ranges::count(constraints.devices, b.device)) return Why::device;
  if (!std::ranges::count(b.dtypes, p.dtype)) return Why::dtype;
  if (p.boolean_mask && !b.boolean_mask) return Why::boolean_mask;
  if (p.bias && !b.bias) return Why::bias;
  if (p.head_dim % b.multiple_of != 0 || p.head_dim > b.max_head_dim) return Why::head_dim;
  return held_bytes(b, p) > constraints.memory_bytes ? Why::memory : Why::chosen;
}

inline double seconds_of(const Candidate& c, const Problem& p) {
  return estimate_time(counted(c.backend, p), c.constants);
}

/// What is expected of a decision; reasons are left empty.
inline Decision expected_decision(const std::vector<Candidate>& candidates, const Problem& p,
                                  const Constraints& constraints) {
  Decision d;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto& [backend, constants] = candidates[i];
    Considered c{
        backend.name, held_bytes(backend, p), seconds_of(candidates[i], p), obstacle(backend, p, constraints), {}};
    if (!constraints.force.empty() && backend.name != constraints.force) c.why = Why::not_forced;
    if (c.why == Why::chosen && (d.chosen < 0 || c.seconds < d.considered[d.chosen].seconds))
      d.chosen = static_cast<int>(i);
    d.considered.push_back(c);
  }
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (Why& why = d.considered[i].why; why == Why::chosen && static_cast<int>(i) != d.chosen) why = Why::slower;
  return d;
}

struct Question {
  Problem problem;
  Constraints constraints;
};
inline const Question kQuestion{{2, 4, 2, 7, 11, 8, Mask::none, false, false, DType::float32},
                                {5'000'000, {Device::cpu}, ""}};

/// Questions that differ from it in one thing each.
inline std::vector<std::pair<std::string, Question>> changed_questions() {
  std::vector<std::pair<std::string, Question>> all;
  const auto add = [&](const char* what, auto change) {
    all.emplace_back(what, kQuestion);
    change(all.back().second.problem, all.back().second.constraints);
  };
  add("batch", [](Problem& p, Constraints&) { p.batch = 3; });
  add("heads", [](Problem& p, Constraints&) { p.heads = 6; });
  add("kv_heads", [](Problem& p, Constraints&) { p.kv_heads = 4; });
  add("q_len", [](Problem& p, Constraints&) { p.q_len = 8; });
  add("kv_len", [](Problem& p, Constraints&) { p.kv_len = 12; });
  add("head_dim", [](Problem& p, Constraints&) { p.head_dim = 16; });
  add("mask", [](Problem& p, Constraints&) { p.mask = Mask::causal; });
  add("boolean_mask", [](Problem& p, Constraints&) { p.boolean_mask = true; });
  add("bias", [](Problem& p, Constraints&) { p.bias = true; });
  add("dtype", [](Problem& p, Constraints&) { p.dtype = DType::bfloat16; });
  add("dtype (float16)", [](Problem& p, Constraints&) { p.dtype = DType::float16; });
  add("memory_bytes", [](Problem&, Constraints& c) { c.memory_bytes = 4'000'000; });
  add("devices", [](Problem&, Constraints& c) { c.devices = {Device::cuda}; });
  add("number of devices", [](Problem&, Constraints& c) { c.devices = {Device::cpu, Device::cuda}; });
  add("force", [](Problem&, Constraints& c) { c.force = "row"; });
  return all;
}

/// Whether `text` holds this number, and not as a part of a longer one.
inline bool names(const std::string& text, std::int64_t number) {
  const std::string digits = std::to_string(number);
  const auto is_digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (auto at = text.find(digits); at != std::string::npos; at = text.find(digits, at + 1))
    if (!(at > 0 && is_digit(at - 1)) && !is_digit(at + digits.size())) return true;
  return false;
}

inline std::int64_t in_microseconds(double seconds) { return std::llround(1e6 * seconds); }

inline std::string told(Why why) { return describe(why); }

/// Checks who was chosen, and names the idea that would choose somebody else.
inline void check_chosen(const Decision& got, const Decision& right, const Constraints& constraints) {
  const auto of_those_that_can = [&](auto better) {
    int best = -1;
    for (int i = 0; i < std::ssize(right.considered); ++i) {
      const Considered& c = right.considered[i];
      if (c.why == Why::chosen || c.why == Why::slower)
        if (best < 0 || better(c, right.considered[best])) best = i;
    }
    return best;
  };
  int fastest = 0, forced = -1;
  for (int i = 0; i < std::ssize(right.considered); ++i) {
    if (right.considered[i].seconds < right.considered[fastest].seconds) fastest = i;
    if (right.considered[i].name == constraints.force) forced = i;
  }
  const auto never = [](const Considered&, const Considered&) { return false; };
  CHECK_THAT(
      got.chosen,
      is_count(right.chosen, "chosen")
          .but_not(forced,
                   "the forced backend was taken although it cannot: debug mode asks for a backend, it "
                   "does not make it able")
          .but_if([&](std::int64_t chosen) { return right.chosen < 0 && chosen >= 0; },
                  "nothing can be chosen, and something was: a warning does not make a backend fit, and -1 says that "
                  "none does")
          .but_not(of_those_that_can([](auto& a, auto& b) { return a.seconds > b.seconds; }),
                   "the slowest of those that can was chosen: the shortest time wins")
          .but_not(of_those_that_can([](auto& a, auto& b) { return a.seconds <= b.seconds; }),
                   "the last of several that are equally fast was chosen: of equals the first wins")
          .but_not(of_those_that_can(never), "the first that can was chosen, whatever the others would take")
          .but_not(of_those_that_can([](auto& a, auto& b) { return a.memory_bytes < b.memory_bytes; }),
                   "the one that needs least memory was chosen: any that fits will do, and the fastest wins")
          .but_if([&](std::int64_t chosen) { return !constraints.force.empty() && chosen >= 0 && chosen != forced; },
                  "was `force` looked at? It names another backend, which is to be taken if it can")
          .but_not(fastest, "the fastest of all was chosen, although it cannot take this problem or does not fit")
          .but_if([](std::int64_t chosen) { return chosen >= 0; },
                  "is it one that can, and the fastest of those? Do the tests of why_not and work_of pass?"));
}

/// Checks all of a decision but the wording of its reasons.
inline void check_decision(const Decision& got, const std::vector<Candidate>& candidates, const Problem& p,
                           const Constraints& constraints) {
  const Decision right = expected_decision(candidates, p, constraints);
  check_chosen(got, right, constraints);
  if (got.chosen != right.chosen) return;  // the rest follows from it
  CHECK_THAT(got.considered.size() == right.considered.size(),
             otherwise("every candidate is considered: expected " + std::to_string(right.considered.size()) + ", got " +
                       std::to_string(got.considered.size())));
  for (std::size_t i = 0; i < std::min(got.considered.size(), right.considered.size()); ++i) {
    const Considered &c = got.considered[i], &expected = right.considered[i];
    CHECK_THAT(c.name == expected.name,
               otherwise("considered[" + std::to_string(i) + "] is \"" + c.name +
                         "\"; candidates keep their order: expected \"" + expected.name + '"'));
    CHECK_THAT(c.why == expected.why,
               otherwise(c.name + ": expected `" + told(expected.why) + "`, got `" + told(c.why) + '`'));
    CHECK_THAT(c.memory_bytes, is_count(expected.memory_bytes, c.name + ": memory_bytes")
                                   .but_not(0, "memory is estimated for every candidate, also for one that cannot"));
    CHECK_THAT(c.seconds, matches(expected.seconds, {0, 1e-9, c.name + ": seconds; sums in double"})
                              .but_not([] { return 0.0; },
                                       "the time is estimated for every candidate, also for one "
                                       "that cannot"));
    if (expected.why == Why::not_forced)
      CHECK_THAT(c.reason.find(constraints.force) != std::string::npos,
                 otherwise(c.name + "'s reason is \"" + c.reason +
                           "\"; expected it to name the backend that is forced, " + constraints.force));
    if (expected.why != Why::chosen)
      CHECK_THAT(!c.reason.empty(),
                 otherwise(c.name + " has no reason: each backend that is not taken gets one, in words"));
  }
}

/// Checks that `why_not` refuses for this reason and that the reason names these numbers.
inline void check_refusal(const std::optional<Refusal>& got, Why why, const std::vector<std::int64_t>& numbers = {}) {
  CHECK_THAT(got.has_value(),
             otherwise("expected a refusal for `" + told(why) + "`; got none, so this backend would be taken"));
  if (!got) return;
  CHECK_THAT(got->why == why, otherwise("expected `" + told(why) + "`, got `" + told(got->why) +
                                        "`: the first obstacle counts, in the order of Why"));
  CHECK_THAT(!got->reason.empty(), otherwise("the reason is empty: it says in words what is wanted and what there is"));
  for (const std::int64_t number : numbers)
    CHECK_THAT(names(got->reason, number),
               otherwise("the reason is \"" + got->reason + "\"; expected it to name " + std::to_string(number) +
                         ": whoever reads it wants to know what is needed, and what there is"));
}

}  // namespace workbook::backend_selection
