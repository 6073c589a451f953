#include "common/cli/lesson_checks.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>
#include <set>

#include "common/cli/hints.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/text.h"
#include "common/workspace/compiler_output.h"

namespace workbook::cli {

namespace {

std::set<int> todos_in(std::string_view stub) {
  std::set<int> found;
  static const std::regex todo(R"(TODO\((\d{1,4})\))");
  const std::string text(stub);
  for (std::sregex_iterator it(text.begin(), text.end(), todo), end; it != end; ++it) found.insert(std::stoi((*it)[1]));
  return found;
}

std::string read_or_note(const fs::path& path, Problems& problems) {
  const auto content = read_file(path);
  if (!content) problems.push_back(fmt::format("expected {}, found none", shown(path)));
  return content.value_or("");
}

constexpr int kFewestBullets = 3, kMostBullets = 5;

std::set<std::string> words_in(std::string_view text) {
  static const std::regex word(R"([A-Za-z_]\w*)");
  const std::string copy(text);
  std::set<std::string> found;
  for (std::sregex_iterator it(copy.begin(), copy.end(), word), end; it != end; ++it) found.insert(it->str());
  return found;
}

}  // namespace

std::vector<std::string> contract_functions(std::string_view header) {
  static const std::regex list(R"(Contract<([\s\S]*)>\s*contract\s*;)");
  const std::string text(header);
  std::smatch found;
  if (!std::regex_search(text, found, list)) return {};
  std::string inside = found[1];
  static const std::regex constructors(R"(construct<[^>]*>)");
  inside = std::regex_replace(inside, constructors, "");
  std::vector<std::string> names;
  static const std::regex name(R"((?:\w+::)*(\w+))");
  for (std::sregex_iterator it(inside.begin(), inside.end(), name), end; it != end; ++it) names.push_back((*it)[1]);
  return names;
}

Problems check_contract(std::string_view header) {
  Problems problems;
  const std::vector<std::string> lines = split_lines(header);
  const std::vector<std::string> functions = contract_functions(header);
  if (functions.empty()) problems.push_back("the header ends without `inline constexpr Contract<...> contract;`");
  if (lines.size() < 2 || !lines[1].starts_with("///"))
    problems.push_back("the header does not open with its purpose (`///` after `#pragma once`)");
  for (const std::string& function : functions) {
    const int line = declaration_line(header, function);
    if (line < 2 || !trimmed(lines[static_cast<std::size_t>(line) - 2]).starts_with("///"))
      problems.push_back(fmt::format("{} has no `///` comment before its declaration", function));
  }
  return problems;
}

Problems promises_not_judged(std::string_view header, const std::set<std::string>& judged) {
  struct Promise {
    const char* what;
    std::regex words;
    std::vector<const char*> judges;
  };
  static const std::vector<Promise> promises{
      {"time", std::regex(R"(\bTime\b|\b(once|twice|passes)\b)"), {"reads", "device"}},
      {"memory", std::regex(R"(\b([Ww]orkspace|memory)\b)"), {"workspace", "device"}},
      {"@throws", std::regex("@throws"), {"throws"}}};
  Problems problems;
  const std::vector<std::string> lines = split_lines(header);
  for (const std::string& function : contract_functions(header)) {
    std::string comment;
    for (int line = declaration_line(header, function) - 2; line >= 0; --line) {
      const std::string_view above = trimmed(lines[static_cast<std::size_t>(line)]);
      if (!above.starts_with("///")) break;
      comment = std::string(above) + "\n" + comment;
    }
    for (const Promise& promise : promises)
      if (std::regex_search(comment, promise.words) && std::ranges::none_of(judged, [&](const std::string& one) {
            return std::ranges::any_of(promise.judges,
                                       [&](const char* judge) { return unqualified(one) == function + " " + judge; });
          }))
        problems.push_back(fmt::format("{}: {}", function, promise.what));
  }
  return problems;
}

Problems check_todos(const Lesson& lesson) {
  Problems problems;
  std::set<int> stub;
  for (const fs::path& file : lesson.files_in(lesson.folder)) stub.merge(todos_in(read_or_note(file, problems)));
  const fs::path hints_file = lesson.folder / "hints.md";
  const std::string text = read_or_note(hints_file, problems);
  std::set<int> hints, exercises;
  try {
    for (const auto& [todo, levels] : parse_hints(text, shown(hints_file))) hints.insert(todo);
  } catch (const Error& error) {
    problems.push_back(error.what());
  }
  const std::vector<std::string> functions = contract_functions(read_or_note(lesson.contract(), problems));
  for (const Exercise& exercise : lesson.exercises) {
    exercises.insert(exercise.todo);
    if (std::find(functions.begin(), functions.end(), unqualified(exercise.function)) == functions.end())
      problems.push_back(
          fmt::format("exercise {} is {}, which is not in the contract", exercise.todo, exercise.function));
  }
  if (stub != hints || stub != exercises)
    problems.push_back(fmt::format("the stub has TODOs {}, hints.md {}, lesson.json {}", stub, hints, exercises));
  return problems;
}

Problems check_readme(const Lesson& lesson) {
  Problems problems;
  const std::string text = read_or_note(lesson.folder / "README.md", problems);
  if (text.empty()) return problems;
  if (const std::string title = fmt::format("# Lesson {} · {}\n", lesson.number, lesson.title);
      !text.starts_with(title))
    problems.push_back(fmt::format("README.md does not begin with \"{}\", the title in lesson.json", trimmed(title)));
  for (const char* part : {"**You will** ", "Predict.", "## Your task", "## Check it", "## What you should see",
                           "## Why it matters", "## Further reading", "figure.svg"})
    if (text.find(part) == std::string::npos) problems.push_back(fmt::format("README.md has no \"{}\"", part));
  read_or_note(lesson.folder / "figure.svg", problems);
  return problems;
}

Problems check_points(std::string_view readme, const std::map<std::string, int>& public_points) {
  static const std::regex row(R"(\| TODO\(\d{1,4}\) \| `(?:\w+::)*(\w+)`[^|]*\|[^|]*\| (\d{1,4}) \|)");
  Problems problems;
  const std::string text(readme);
  for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
    const auto found = public_points.find((*it)[1]);
    const int points = found == public_points.end() ? 0 : found->second;
    if (std::stoi((*it)[2]) != points)
      problems.push_back(fmt::format("README.md gives {} points to {}: its public tests give {}", (*it)[2].str(),
                                     (*it)[1].str(), points));
  }
  return problems;
}

Problems check_predictions(const std::vector<Prediction>& predictions, std::string_view readme,
                           const std::set<std::string>& public_tests) {
  Problems problems;
  const std::size_t question = std::min(readme.find("**Predict.**"), readme.size());
  const std::size_t end = std::min(readme.find("\n\n", question), readme.size());
  const std::string_view asked = readme.substr(question, end - question), rest = readme.substr(end);
  std::set<std::string> labels;
  static const std::regex letter("[a-z][2-9]?");
  for (const Prediction& one : predictions) {
    if (!labels.insert(one.label).second) problems.push_back(fmt::format("two predictions are labelled {}", one.label));
    const std::string label = std::regex_match(one.label, letter) ? fmt::format("({})", one.label[0]) : one.label;
    if (asked.find(label) == asked.npos)
      problems.push_back(fmt::format("README.md does not ask for prediction {} under \"Predict.\"", label));
    if (rest.find(one.answer) == rest.npos)
      problems.push_back(fmt::format("README.md does not tell the answer of prediction {}, {}", label, one.answer));
    if (!public_tests.contains(one.test))
      problems.push_back(fmt::format("prediction {} names \"{}\", which is no public test", label, one.test));
  }
  return problems;
}

Problems check_compare(std::string_view text, std::string_view code) {
  Problems problems;
  int bullets = 0, line_number = 0;
  for (const std::string& line : split_lines(text)) {
    ++line_number;
    bullets += line.starts_with("- ");
    if (!line.starts_with("- ") && (bullets == 0 || !line.starts_with("  ") || trimmed(line).empty()))
      problems.push_back(
          fmt::format(R"(compare.md:{}: expected a bullet ("- ") or its next line, after two blanks; found "{}")",
                      line_number, line));
  }
  if (bullets < kFewestBullets || bullets > kMostBullets)
    problems.push_back(
        fmt::format("compare.md: expected {} to {} bullets, found {}", kFewestBullets, kMostBullets, bullets));
  static const std::regex quoted("`([^`]*)`");
  const std::set<std::string> known = words_in(code);
  const std::string copy(text);
  for (std::sregex_iterator it(copy.begin(), copy.end(), quoted), end; it != end; ++it) {
    const std::string span = (*it)[1];
    if (span.starts_with("./")) continue;
    for (const std::string& word : words_in(span))
      if (!known.contains(word))
        problems.push_back(fmt::format("compare.md: `{}` names {}, which is in no file of the lesson", span, word));
  }
  return problems;
}

Problems check_compare(const Lesson& lesson, const fs::path& solution) {
  Problems problems;
  const std::string text = read_or_note(solution / "compare.md", problems);
  if (!problems.empty()) return problems;
  std::string code = read_or_note(lesson.contract(), problems);
  for (const fs::path& folder : {lesson.folder, solution})
    for (const auto& [name, content] : lesson.contents_in(folder)) code += content;
  for (const std::string& problem : check_compare(text, code)) problems.push_back(problem);
  return problems;
}

}  // namespace workbook::cli
