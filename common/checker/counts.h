#pragma once
/// Matchers of numbers: counts that must be exact to the last of 64 bits, and bounds.
///
///     CHECK_THAT(student<kv_cache_bytes>(shape),
///                is_count(bytes).but_not(bytes / 2, "this is one of two tensors: a cache holds keys and values"));

#include <concepts>
#include <functional>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "common/checker/session.h"

namespace workbook {

template <class T>
class Object;  // common/checker/remote_call.h

/// Wrong numbers, and the ideas that lead to them; M is the matcher that knows them. The first that fits is told.
template <class M, class Number>
class NumberMatcher {
 public:
  /// Names a plausible mistake by the number that it gives. One that gives the right number is never told.
  M&& but_not(Number wrong, std::string sentence) && {
    suspicions_.push_back({[wrong](Number got) { return got == wrong; }, "Likely: " + std::move(sentence)});
    return static_cast<M&&>(*this);
  }

  template <std::invocable F>
  M&& but_not(F wrong, std::string sentence) && {
    return std::move(*this).but_not(wrong(), std::move(sentence));
  }

  /// Asks about a mistake by what else is known of its number; `sentence` is told behind "Perhaps:".
  M&& but_if(std::function<bool(Number got)> looks_so, std::string sentence) && {
    suspicions_.push_back({std::move(looks_so), "Perhaps: " + std::move(sentence)});
    return static_cast<M&&>(*this);
  }

 protected:
  /// "Likely: ..." or "Perhaps: ...", a line of its own, or nothing.
  std::string likely(Number got) const {
    for (const Suspicion& s : suspicions_)
      if (s.fits(got)) return s.sentence + "\n";
    return "";
  }

 private:
  struct Suspicion {
    std::function<bool(Number)> fits;
    std::string sentence;
  };
  std::vector<Suspicion> suspicions_;
};

/// Matches a count: of bytes, elements, operations.
class ExactCount : public NumberMatcher<ExactCount, std::int64_t> {
 public:
  ExactCount(std::int64_t expected, std::string name) : expected_(expected), name_(std::move(name)) {}

  /// Names int arithmetic. `what` was computed in int: "the count", "a product". If only a part was, `wrong` is what
  /// comes out.
  ExactCount&& but_not_in_int(const std::string& what = "the count", std::optional<std::int64_t> wrong = {}) &&;

  bool match(std::int64_t got) const;
  std::string toString() const { return "matches the expected count"; }  // Catch2 wants this name

 private:
  std::int64_t expected_;
  std::string name_;
};

/// `name` is the field of a struct that holds the count, and is told before the numbers.
inline ExactCount is_count(std::int64_t expected, std::string name = "") { return {expected, std::move(name)}; }

/// Matches a number that is at most `bound`. `why` says where the bound comes from.
class AtMost : public NumberMatcher<AtMost, double> {
 public:
  AtMost(double bound, std::string why) : bound_(bound), why_(std::move(why)) {}
  bool match(double got) const;
  std::string toString() const { return "stays within the bound"; }

 private:
  double bound_;
  std::string why_;
};

inline AtMost at_most(double bound, std::string why) { return {bound, std::move(why)}; }

/// Matches an ObservedCall that read at most so many bytes of an argument, or touched at most so many of an object.
/// Its test must be tagged [count].
class ReadsAtMost : public NumberMatcher<ReadsAtMost, double> {
 public:
  ReadsAtMost(const void* argument, bool is_object, double bytes, std::string why)
      : argument_(argument), is_object_(is_object), bytes_(bytes), why_(std::move(why)) {}
  bool match(const ObservedCall& call) const;
  std::string toString() const { return "reads few bytes"; }

 private:
  const void* argument_;
  bool is_object_;
  double bytes_;
  std::string why_;
};

/// Reads of `argument`, the very object that was passed to the last call, are at most `bytes`, repetitions included.
/// `why` says where the bound comes from. Where reads are not counted, the test is not_verifiable_here.
///
///     CHECK_THAT(evidence(), reads_at_most(k, 4 * k.size(), "each key once"));
/// Of a struct's tensors reads are not counted.
template <class T>
ReadsAtMost reads_at_most(const T& argument, double bytes, std::string why) {
  static_assert(
      std::ranges::contiguous_range<T> || requires { argument.shape(); }, "reads are counted of one tensor");
  return {&argument, false, bytes, std::move(why)};
}

/// What the last call read and wrote of the storage() of `object`, its argument, is at most `bytes`, repetitions
/// included.
template <class T>
ReadsAtMost touches_at_most(const Object<T>& object, double bytes, std::string why) {
  return {&object, true, bytes, std::move(why)};
}

}  // namespace workbook
