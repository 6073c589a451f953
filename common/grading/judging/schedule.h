#pragma once
/// Runs many pieces of work in a few slots, shows how far it is, and stops cleanly.

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace workbook::grading {

/// What came of one piece of work.
struct Outcome {
  std::string fault;  ///< why the grader failed; "" if it did not
  std::string text;   ///< a word on the result: "12 of 14 points"
};

/// Does piece `work` in `slot`; called from that slot's thread.
using Work = std::function<Outcome(std::size_t work, int slot)>;

/// Keeps SIGINT, SIGTERM and SIGHUP back in this thread, in those it starts and in their children, for run_all() to
/// take. Without it a Ctrl-C would also end the compilers and checkers, whose end would then look like a verdict.
void hold_interrupts();

/// Does every piece, `slots` at a time, and once more what ended in a fault.
/// On Ctrl-C this process exits with kExitInterrupted; what was finished has been kept by `work`.
/// @param names what each piece is called on the terminal
/// @returns the faults that stayed, by piece. @throws what `work` throws.
std::map<std::size_t, std::string> run_all(const std::vector<std::string>& names, int slots, const Work& work);

}  // namespace workbook::grading
