#pragma once
/// How far a run is: one line written over and over on a terminal, a line for each finished piece elsewhere.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace workbook::grading {

class Display {
 public:
  Display(std::size_t total, int slots);

  void started(int slot, const std::string& name);
  void finished(int slot, std::string_view text);
  void failed(int slot, std::string_view why, bool again);

  /// Draws the line anew. On a terminal only.
  void refresh();
  void clear();

  /// "37 of 120 done, 1 fault, about 4 min left: ada 04_grouped_query"
  std::string line(std::chrono::steady_clock::duration elapsed) const;

 private:
  void report(std::string_view text);

  std::size_t total_, done_ = 0, faults_ = 0;
  std::vector<std::string> running_;  ///< by slot; "" for an idle one
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool terminal_, drawn_ = false;
};

}  // namespace workbook::grading
