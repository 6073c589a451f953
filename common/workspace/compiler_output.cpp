#include "common/workspace/compiler_output.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/system/text.h"
#include "common/workspace/system.h"

namespace workbook::workspace {

namespace {

using Files = std::span<const std::filesystem::path>;

/// "path:line:column" or "path:line", as far as it stands at the start of `text`.
struct Place {
  std::string path;
  int line = 0;
  bool has_column = false;
};

std::optional<Place> place_before(std::string_view text, std::size_t end) {
  text = text.substr(0, end);
  std::array<int, 2> numbers{};  // from the right: column and line, or line alone
  std::size_t count = 0;
  for (; count < numbers.size(); ++count) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) break;
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), numbers[count]);
    if (error != std::errc() || stop != text.data() + text.size()) break;
    text = text.substr(0, colon);
  }
  if (count == 0 || text.empty()) return std::nullopt;
  return Place{std::string(text), numbers[count - 1], count == 2};
}

/// What `line` announces, if it is of one of these kinds (": error: ").
std::optional<Diagnostic> announced(std::string_view line, std::initializer_list<std::string_view> kinds) {
  for (const std::string_view kind : kinds) {
    const auto at = line.find(kind);
    if (at == line.npos) continue;
    const auto place = place_before(line, at);
    if (!place) continue;
    return Diagnostic{place->path, place->line, std::string(line.substr(at + kind.size())), {}, {}, 0};
  }
  return std::nullopt;
}

/// A compiler's own line names a column; no linker's does.
bool said_by_compiler(std::string_view line) {
  for (const std::string_view kind : {": error: ", ": warning: ", ": note: "}) {
    const auto place = place_before(line, line.find(kind));
    if (line.find(kind) != line.npos && place && place->has_column) return true;
  }
  return false;
}

/// " 17 |   code" and "    |   ^~~~": the source as g++ draws it.
bool drawn_source(std::string_view line) {
  const auto bar = line.find('|');
  return bar != line.npos && bar > 0 && std::all_of(line.begin(), line.begin() + static_cast<long>(bar), [](char c) {
           return c == ' ' || (c >= '0' && c <= '9');
         });
}

/// Where one of `judged` is named by `line` as the way to an error: "required from here", "In file included from".
std::optional<Place> way_to_error(std::string_view line, Files judged) {
  const bool leads = line.find("required from") != line.npos || line.find("included from") != line.npos ||
                     line.find("in 'constexpr' expansion") != line.npos || line.find("requested here") != line.npos;
  if (!leads) return std::nullopt;
  for (const std::filesystem::path& file : judged) {
    const std::string path = file.string() + ":";
    const auto at = line.find(path);
    if (at == line.npos) continue;
    Place place{file.string(), 0, false};
    std::from_chars(line.data() + at + path.size(), line.data() + line.size(), place.line);
    if (place.line != 0) return place;
  }
  return std::nullopt;
}

bool is_one_of(const std::filesystem::path& file, Files judged) {
  return std::ranges::find(judged, file) != judged.end();
}

void note_cause(Diagnostic& error, const Place& way) {
  error.cause = way.path;
  error.cause_line = way.line;
}

}  // namespace

std::optional<Diagnostic> first_compiler_error(std::string_view output, Files judged) {
  std::optional<Diagnostic> first;
  Place led_here;
  bool drawing = false;
  for (const std::string& line : split_lines(output)) {
    if (const auto way = way_to_error(line, judged)) {
      led_here = *way;
      if (first && first->cause_line == 0) note_cause(*first, *way);
    }
    if (auto error = announced(line, {": error: ", ": fatal error: "})) {
      if (first) break;
      first = std::move(error);
      note_cause(*first, led_here);
      drawing = true;
    } else if (first && drawing) {
      drawing = drawn_source(line) || (first->excerpt.empty() && line.find("note:") == line.npos);
      if (drawn_source(line)) first->excerpt.push_back(line);
    }
  }
  if (first && is_one_of(first->file, judged)) note_cause(*first, {});
  return first;
}

std::vector<Diagnostic> compiler_warnings(std::string_view output, Files judged) {
  std::vector<Diagnostic> warnings;
  Diagnostic* drawing = nullptr;
  for (const std::string& line : split_lines(output)) {
    if (auto warning = announced(line, {": warning: "})) {
      const auto same = [&](const Diagnostic& w) {
        return w.file == warning->file && w.line == warning->line && w.message == warning->message;
      };
      const bool wanted = is_one_of(warning->file, judged) && std::none_of(warnings.begin(), warnings.end(), same);
      if (wanted) warnings.push_back(*std::move(warning));
      drawing = wanted ? &warnings.back() : nullptr;
    } else if (drawing != nullptr && drawn_source(line)) {
      drawing->excerpt.push_back(line);
    } else {
      drawing = nullptr;
    }
  }
  return warnings;
}

std::optional<std::string> undefined_function(std::string_view output) {
  for (const std::string& line : split_lines(output)) {
    if (said_by_compiler(line) || drawn_source(line)) continue;  // a message that quotes a linker's
    for (const std::string_view start : {"undefined reference to ", "undefined symbol: ", "undefined reference: "}) {
      const auto at = line.find(start);
      if (at == line.npos) continue;
      std::string_view name = trimmed(std::string_view(line).substr(at + start.size()));
      while (!name.empty() && (name.front() == '`' || name.front() == '\'')) name.remove_prefix(1);
      while (!name.empty() && name.back() == '\'') name.remove_suffix(1);
      if (!name.empty()) return std::string(name);
    }
  }
  return std::nullopt;
}

std::string output_about(std::string_view output, std::string_view file) {
  std::string part;
  bool inside = false;
  for (const std::string& line : split_lines(output)) {
    if (line.starts_with("FAILED: "))
      inside = trimmed(std::string_view(line).substr(8)) == trimmed(file);
    else if (line.starts_with("["))
      inside = false;
    if (inside) part += line + "\n";
  }
  return part.empty() ? std::string(output) : part;
}

std::string unqualified(std::string_view signature) {
  const std::string_view name = signature.substr(0, signature.find('('));
  const auto colon = name.rfind("::");
  return std::string(colon == name.npos ? name : name.substr(colon + 2));
}

int declaration_line(std::string_view header, std::string_view function) {
  int number = 0;
  for (const std::string& line : split_lines(header)) {
    ++number;
    const std::string_view code = std::string_view(line).substr(0, line.find("//"));
    const auto open = code.find('(');
    if (open != code.npos && has_word(code.substr(0, open), function)) return number;
  }
  return 0;
}

}  // namespace workbook::workspace
