#pragma once
/// Which of an implementation's functions have timed out, over all test cases of a run.

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace workbook {

/// A function that timed out in two test cases is not called again: in the others it would most likely only take time.
class Timeouts {
 public:
  /// To be called at most once for a test case.
  void add(std::string_view what) { ++counts_[std::string(what)]; }

  bool given_up(std::string_view what) const {
    const auto found = counts_.find(what);
    return found != counts_.end() && found->second >= 2;
  }

 private:
  std::map<std::string, int, std::less<>> counts_;
};

}  // namespace workbook
