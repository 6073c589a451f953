#pragma once
/// A deliberate mistake: a wrong solution, kept as what makes it differ from the right one. The file
/// solutions/NN_name/mistakes/<what_it_does>.diff is a header and a unified diff:
///
///     Mistake: doubles the size of x and forgets its sign.
///     Caught by: "twice keeps the sign"  [advanced]
///     Told as: "the sign of x is lost"
///     --- a/doubling.cpp
///     +++ b/doubling.cpp
///     @@ -4,2 +4,2 @@
///     ...
///
/// `patch` and `git apply` read such a file, too. apply() is stricter than both: a hunk has to fit in exactly one
/// place. If a solution has several files, the diff names the one that the mistake changes.

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace workbook::mistake {

struct Mistake {
  std::string idea;     ///< what the wrong code does
  std::string test;     ///< the test that catches it
  std::string group;    ///< of that test: basic, advanced or hidden
  std::string told_as;  ///< part of what the test says; may be empty
  std::string diff;     ///< from "--- " to the end
};

/// Says what was expected and what was found, without the name of the file.
struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the lines before the diff say. What is missing stays empty: problems() tells.
Mistake parse(std::string_view text);

/// What is wrong with the header, ready to print.
std::vector<std::string> problems(const Mistake& mistake);

/// The content of the diff's file; parse() reads it back.
std::string text_of(const Mistake& mistake);

/// The wrong solution. The line numbers in `diff` may be out of date: each hunk, with its context, has to fit exactly
/// one place of `solution`, and the places have to be in order.
/// @throws Malformed if `diff` is not a unified diff of one file, or a hunk fits nowhere or in two places
std::string apply(std::string_view diff, std::string_view solution);

/// What the files of an implementation hold, by name.
using Sources = std::map<std::string, std::string>;

/// The file of `solution` that a diff changes. @throws Malformed if it names none of them, or is no unified diff
std::string changed_file(std::string_view diff, const Sources& solution);

/// All files of the wrong solution: the one that `diff` names is changed, as above.
Sources apply(std::string_view diff, Sources solution);

/// Header and source as one file for an editor: the header's lines become opening comments.
std::string to_source(const Mistake& mistake, const std::string& source);

/// What to_source() made, after somebody has edited it. A header line that is gone stays empty.
struct Edited {
  Mistake says;  ///< without a diff
  std::string source;
};
Edited from_source(std::string_view text);

/// How many lines `diff` changes: the larger of those it removes and those it adds.
int changed_lines(std::string_view diff);

}  // namespace workbook::mistake
