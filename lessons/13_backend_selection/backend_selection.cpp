#include "backend_selection.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <thread>

using namespace workbook;
using namespace workbook::backend_selection;

std::int64_t backend_selection::estimate_memory(const Backend& /*backend*/, const Problem& /*problem*/) {
  // TODO(1): the four tensors, and what the algorithm holds besides.
  throw NotImplemented();
}

Work backend_selection::work_of(const Backend& /*backend*/, const Problem& /*problem*/) {
  // TODO(2): pairs first; then FLOPs, exponentials, bytes and launches, for all heads.
  throw NotImplemented();
}

Constants backend_selection::least_squares(const std::vector<Measurement>& /*rows*/,
                                           const std::vector<double>& /*weights*/) {
  // TODO(3): divide each row by its time, solve the normal equations, and admit no negative price.
  throw NotImplemented();
}

Constants backend_selection::fit(const std::vector<Measurement>& /*rows*/) {
  // TODO(4): least squares again and again, with less weight for the rows that are far off.
  throw NotImplemented();
}

std::optional<Refusal> backend_selection::why_not(const Backend& /*backend*/, const Problem& /*problem*/,
                                                  const Constraints& /*constraints*/) {
  // TODO(5): the first obstacle, in words with numbers.
  throw NotImplemented();
}

Decision backend_selection::select_backend(const std::vector<Candidate>& /*candidates*/, const Problem& /*problem*/,
                                           const Constraints& /*constraints*/) {
  // TODO(6): the fastest of those that can, and a reason for each of the others.
  throw NotImplemented();
}

std::string backend_selection::cache_key(const Problem& /*problem*/, const Constraints& /*constraints*/) {
  // TODO(7): everything that the decision depends on.
  throw NotImplemented();
}

Decision Selector::select(const Problem& /*problem*/, const Constraints& /*constraints*/) {
  // TODO(8): look it up; if it is not there, decide and remember it.
  throw NotImplemented();
}

std::vector<Decision> backend_selection::select_all(Selector& /*selector*/, const std::vector<Problem>& /*problems*/,
                                                    const Constraints& /*constraints*/, int /*threads*/) {
  // TODO(9): threads share the problems; an exception must not leave a thread.
  throw NotImplemented();
}
