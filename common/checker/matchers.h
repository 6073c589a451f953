#pragma once
/// Matchers whose failures teach: where it is wrong, by how much, and which wrong idea would give just that.
///
///     CHECK_THAT(student<repeat_kv>(kv, 2), matches(oracle::repeat_kv(kv, 2), exact())
///                .but_not([&] { return oracle::tile_kv(kv, 2); }, "heads look interleaved (0 1 0 1): ..."));

#include <functional>

#include "common/checker/session.h"
#include "common/system/units.h"
#include "common/tensor/compare.h"

namespace workbook {

/// Any number or tensor of numbers, in double.
template <class T>
Tensor64 as_tensor64(const T& value) {
  if constexpr (requires { value.shape(); })
    return to_double(value);
  else if constexpr (requires { value.size(); })
    return to_double(TensorOf<typename T::value_type>({static_cast<std::int64_t>(value.size())},
                                                      std::span<const typename T::value_type>(value)));
  else
    return Tensor64({1}, {static_cast<double>(value)});
}

/// Matches a tensor (or number, or vector of numbers) near an expected one.
class Matches {
 public:
  Matches(Tensor64 expected, Tolerance tolerance) : expected_(std::move(expected)), tolerance_(std::move(tolerance)) {}
  Matches(const Matches&) = default;
  Matches(Matches&&) = default;
  /// Takes itself, too: `m = std::move(m).but_not(...)` adds to m.
  Matches& operator=(Matches other) noexcept {
    std::swap(expected_, other.expected_);
    std::swap(tolerance_, other.tolerance_);
    std::swap(suspicions_, other.suspicions_);
    return *this;
  }
  ~Matches() = default;

  /// Names a plausible mistake: `wrong` computes what it would give (evaluated only after a failure), `sentence` is
  /// then shown. The first that fits, of these and of but_if's, is taken. Inputs must tell right from wrong, or
  /// nothing is said.
  template <class F>
  Matches&& but_not(F wrong, std::string sentence) && {
    suspicions_.push_back(
        [wrong = std::move(wrong), told = "Likely: " + std::move(sentence)](const Tensor64& got, const Matches& right) {
          return right.gives(got, as_tensor64(wrong())) ? told : "";
        });
    return std::move(*this);
  }

  /// Asks about a mistake that no formula pins down: `looks_so` is shown what was got, if it has the expected shape.
  /// What only looks so may have another cause, so `sentence` is a question, or says what can be seen; it is told
  /// behind "Perhaps:".
  Matches&& but_if(std::function<bool(const Tensor64& got)> looks_so, std::string sentence) && {
    suspicions_.push_back([looks_so = std::move(looks_so), told = "Perhaps: " + std::move(sentence)](
                              const Tensor64& got, const Matches& right) {
      return got.shape() == right.expected_.shape() && looks_so(got) ? told : "";
    });
    return std::move(*this);
  }

  /// Told if no other suspicion fits, behind "Perhaps:".
  Matches&& otherwise(std::string sentence) && {
    suspicions_.push_back([told = "Perhaps: " + std::move(sentence)](const Tensor64&, const Matches&) { return told; });
    return std::move(*this);
  }

  /// Knows all that `add` adds to a matcher. It is asked only after a failure: for suspicions that are many, each with
  /// a copy of its inputs.
  Matches&& knowing(std::function<Matches(Matches)> add) && {
    suspicions_.push_back([add = std::move(add)](const Tensor64& got, const Matches& right) {
      return add(Matches(right.expected_, right.tolerance_)).likely(got);
    });
    return std::move(*this);
  }

  template <class T>
  bool match(const T& got) const {
    return match_tensor(as_tensor64(got));
  }
  std::string toString() const { return "matches the expected value"; }  // Catch2 wants this name

 private:
  /// What is told where it fits, with its "Likely: " or "Perhaps: "; else nothing.
  using Suspicion = std::function<std::string(const Tensor64& got, const Matches& right)>;
  bool match_tensor(const Tensor64& got) const;
  /// What the first suspicion says that fits.
  std::string likely(const Tensor64& got) const;
  bool gives(const Tensor64& got, const Tensor64& wrong) const;
  bool is_unwritten(const Tensor64& got) const;

  Tensor64 expected_;
  Tolerance tolerance_;
  std::vector<Suspicion> suspicions_;
};

/// For indices and other whole numbers that come as a tensor; a count alone has is_count.
inline Tolerance counted() { return {0, 0, "a whole number is exact"}; }

/// For what sums up nothing.
inline Tolerance zeros() { return {0, 0, "of nothing remains zero"}; }

/// Whether one of the numbers is NaN: for but_if.
bool has_nan(const Tensor64& x);

template <class T>
Matches matches(const T& expected, Tolerance tolerance) {
  return Matches(as_tensor64(expected), std::move(tolerance));
}

/// The right arguments of a formula, with something changed: what but_not takes.
///
///     const auto with = changes_of(right, [](const Formula& f) { return attention(f); });
///     matches(attention(right), tolerance).but_not(with([](Formula& f) { f.scale = 1; }), "the scores are not scaled")
template <class Right, class Compute>
auto changes_of(Right right, Compute compute) {
  return [=](auto change) {
    return [=] {
      Right wrong = right;
      change(wrong);
      return std::invoke(compute, wrong);
    };
  };
}

/// Matches an ObservedCall whose workspace is at most `bytes`, by the kernel's count, too: that is of all calls so far,
/// so a test's heaviest call needs the gate. `why` says where the bound comes from.
class WorkspaceAtMost {
 public:
  WorkspaceAtMost(std::uint64_t bytes, std::string why, std::uint64_t held)
      : bytes_(bytes), held_(held), why_(std::move(why)) {}
  bool match(const ObservedCall& call) const;
  std::string toString() const { return "uses little workspace"; }

 private:
  std::uint64_t bytes_, held_;
  std::string why_;
};

/// @param held what the test's objects hold by their contract: the kernel counts it with the rest
inline WorkspaceAtMost workspace_at_most(std::uint64_t bytes, std::string why, std::uint64_t held = 0) {
  return {bytes, std::move(why), held};
}

/// "4 KiB": a size as a person reads it.
using system::size_text;

}  // namespace workbook
