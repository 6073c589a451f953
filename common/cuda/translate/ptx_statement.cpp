#include "common/cuda/translate/ptx_statement.h"

#include <cctype>
#include <map>
#include <set>
#include <stdexcept>

#include "common/cuda/translate/ptx_instructions.h"
#include "common/cuda/translate/ptx_table.h"
#include "common/cuda/translate/source_text.h"

namespace workbook::cuda {
namespace {

const std::string kSpace = "::workbook::ptx::";

/// The text of literals that stand one after the other.
std::string text_of_literals(const std::string& bare) {
  std::string text;
  std::size_t at = skip_blanks(bare, 0);
  while (at < bare.size()) {
    if (bare.compare(at, 2, "R\"") == 0) {
      const std::size_t open = bare.find('(', at);
      const std::string close = open == npos ? "" : ")" + bare.substr(at + 2, open - at - 2) + "\"";
      const std::size_t end = open == npos ? npos : bare.find(close, open);
      if (end == npos) throw UnknownPtx("this statement, whose text does not end,");
      text += bare.substr(open + 1, end - open - 1);
      at = skip_blanks(bare, end + close.size());
      continue;
    }
    if (bare[at] != '"') throw UnknownPtx("a text that is put together by macros");
    for (++at; at < bare.size() && bare[at] != '"'; ++at) {
      if (bare[at] != '\\' || at + 1 == bare.size()) {
        text += bare[at];
        continue;
      }
      const char c = bare[++at];
      text += c == 'n' || c == 't' || c == 'r' ? '\n' : c;
    }
    at = skip_blanks(bare, at + 1);
  }
  return text;
}

std::string without_comments(std::string text) {
  for (std::size_t at; (at = text.find("//")) != npos;) text.erase(at, text.find('\n', at) - at);
  for (std::size_t at; (at = text.find("/*")) != npos;) {
    const std::size_t end = text.find("*/", at);
    text.replace(at, end == npos ? npos : end + 2 - at, " ");
  }
  return text;
}

class Statement {
 public:
  Statement(const std::string& bare, const std::string& code) {
    const auto sections = split(code, ':');
    const auto section = [&](std::size_t i) {
      return std::pair(bare.substr(sections[i].first, sections[i].second - sections[i].first),
                       code.substr(sections[i].first, sections[i].second - sections[i].first));
    };
    text_ = without_comments(text_of_literals(section(0).first));
    extended_ = sections.size() > 1;
    if (sections.size() > 1) read_operands(section(1), true);
    if (sections.size() > 2) read_operands(section(2), false);
    if (sections.size() > 4) throw UnknownPtx("asm goto");
  }

  std::string cpp() {
    std::string body;
    std::size_t at = 0;
    while ((at = skip_blanks(text_, at)) < text_.size()) {
      if (text_[at] == '{' || text_[at] == '}') {
        body += text_[at] == '{' ? "{ " : "} ";
        text_[at] == '{' ? ++open_ : --open_;
        if (open_ < 0) throw UnknownPtx("a block that is closed before it opens");
        ++at;
        continue;
      }
      const std::size_t end = std::min(text_.find(';', at), text_.size());
      body += instruction(squeezed(text_.substr(at, end - at)));
      at = end + 1;
    }
    if (open_ != 0) throw UnknownPtx("a block that is not closed");
    return "do { " + before_ + body + after_ + "} while (0)";
  }

 private:
  static std::string type_of(char constraint) {
    const std::string type = cpp_of_constraint(constraint);
    if (type.empty()) throw UnknownPtx(std::string("an operand of kind '") + constraint + "'");
    return type;
  }

  void read_operands(const std::pair<std::string, std::string>& section, bool outputs) {
    const auto& [bare, code] = section;
    if (skip_blanks(bare, 0) == bare.size()) return;
    for (const auto& [first, last] : split(code, ',')) {
      const std::string item = bare.substr(first, last - first), blanked = code.substr(first, last - first);
      const std::size_t quote = item.find('"'), end = item.find('"', quote + 1), open = blanked.find('(', end);
      const std::size_t close = open == npos ? npos : closing(blanked, open);
      if (quote == npos || close == npos) throw UnknownPtx("an operand that is put together by macros");
      if (const std::size_t named = item.find('['); named < quote)
        names_[squeezed(item.substr(named + 1, item.find(']') - named - 1))] = operands_.size();
      add_operand(item.substr(quote + 1, end - quote - 1), squeezed(item.substr(open + 1, close - open - 1)), outputs);
    }
  }

  void add_operand(std::string constraint, const std::string& expression, bool output) {
    const std::string number = std::to_string(operands_.size()), variable = "workbook_" + number;
    std::erase(constraint, '&');
    std::erase(constraint, '%');
    const char mode = constraint.empty() ? ' ' : constraint[0];
    if (output) {
      const std::string type = type_of(constraint.empty() ? mode : constraint.back()), place = "workbook_to_" + number;
      before_ += "auto&& " + place + " = " + expression + "; " + type + " " + variable + " = " +
                 (mode == '+' ? kSpace + "bits<" + type + ">(" + place + ")" : "{}") + "; ";
      after_ += kSpace + "store(" + place + ", " + variable + "); ";
      operands_.push_back(variable);
    } else if (std::isdigit(static_cast<unsigned char>(mode))) {
      const auto tied = static_cast<std::size_t>(mode - '0');
      if (tied >= operands_.size()) throw UnknownPtx("an operand that stands for none");
      before_ += operands_[tied] + " = " + kSpace + "bits<decltype(" + operands_[tied] + ")>(" + expression + "); ";
      operands_.push_back(operands_[tied]);
    } else if (mode == 'n' || mode == 'i') {
      operands_.push_back("(" + expression + ")");
    } else {
      const std::string type = type_of(mode);
      before_ += "[[maybe_unused]] const " + type + " " + variable + " = " + kSpace + "bits<" + type + ">(" +
                 expression + "); ";
      operands_.push_back(variable);
    }
  }

  std::string instruction(const std::string& text) {
    if (text.empty()) return {};
    if (text.starts_with(".reg")) return registers(text.substr(4));
    if (text[0] == '@') {
      const std::size_t blank = text.find(' ');
      if (blank == npos) throw UnknownPtx("`" + text + "`");
      const bool negated = text.starts_with("@!");
      if (text[blank + 1] == '@') throw UnknownPtx("`" + text + "`");
      const std::string predicate = value(text.substr(negated ? 2 : 1, blank - (negated ? 2 : 1)));
      return "if (" + std::string(negated ? "!" : "") + predicate + ") { " + instruction(text.substr(blank + 1)) + "} ";
    }
    const std::size_t blank = std::min(text.find(' '), text.size());
    PtxInstruction result;
    std::string part;
    for (const char c : text.substr(0, blank) + ".") {
      if (c != '.') {
        part += c;
      } else {
        result.parts.push_back(part);
        part.clear();
      }
    }
    if (text.find(':') != npos && text.find(':') + 1 == blank) throw UnknownPtx("a jump to a label");
    const std::string list = text.substr(blank);
    if (!squeezed(list).empty())
      for (const auto& [first, last] : split(list, ','))
        result.operands.push_back(operand(squeezed(list.substr(first, last - first))));
    return cpp_of_instruction(result) + "; ";
  }

  /// .reg .b32 a, b<4>;
  std::string registers(const std::string& text) {
    const std::string list = squeezed(text);
    const std::size_t blank = list.find(' ');
    if (!list.starts_with('.') || blank == npos) throw UnknownPtx("`.reg" + text + "`");
    const std::string type = cpp_of_register_type(list.substr(1, blank - 1)), names = list.substr(blank);
    std::string result;
    for (const auto& [first, last] : split(names, ',')) {
      const std::string name = squeezed(names.substr(first, last - first));
      const std::size_t angle = name.find('<');
      const int count = angle == npos ? 1 : std::atoi(name.c_str() + angle + 1);
      if (count < 0 || count > 256) throw UnknownPtx("`.reg" + text + "`");
      for (int i = 0; i < count; ++i) {
        const std::string one = angle == npos ? name : name.substr(0, angle) + std::to_string(i);
        registers_.insert(register_name(one));
        result += "[[maybe_unused]] " + type + " " + register_name(one) + "{}; ";
      }
    }
    return result;
  }

  static std::string register_name(const std::string& name) {
    std::string result = "workbook_register_";
    for (const char c : name)
      if (c != '%') result += is_word(c) ? c : '_';
    return result;
  }

  PtxOperand operand(const std::string& text) {
    PtxOperand result;
    if (text.starts_with('{') && text.ends_with('}')) {
      result.is_list = true;
      const std::string inside = text.substr(1, text.size() - 2);
      for (const auto& [first, last] : split(inside, ','))
        result.values.push_back(value(squeezed(inside.substr(first, last - first))));
    } else if (text.starts_with('[') && text.ends_with(']')) {
      result.is_address = true;
      std::string inside = squeezed(text.substr(1, text.size() - 2));
      const std::size_t sign = inside.find_last_of("+-");
      if (sign != npos && sign > 0) {
        result.offset = std::string(inside[sign] == '-' ? "-" : "") + value(squeezed(inside.substr(sign + 1)));
        inside = inside.substr(0, sign);
        if (inside.ends_with('+')) inside.pop_back();  // [address+-4]
        inside = squeezed(inside);
      }
      result.values.push_back(value(inside));
    } else {
      result.values.push_back(value(text));
    }
    return result;
  }

  /// A register, an operand of the statement, or a number.
  std::string value(const std::string& text) const {
    if (text.empty()) throw UnknownPtx("an operand that is missing");
    if (text.starts_with("%[")) {
      const auto named = names_.find(text.substr(2, text.size() - 3));
      if (named == names_.end()) throw UnknownPtx("`" + text + "`, which names no operand,");
      return operands_[named->second];
    }
    if (extended_ && text[0] == '%' && text.size() > 1 && std::isdigit(static_cast<unsigned char>(text[1]))) {
      const auto number = static_cast<std::size_t>(std::atoi(text.c_str() + 1));
      if (number >= operands_.size() || text.find_first_not_of("0123456789", 1) != npos)
        throw UnknownPtx("`" + text + "`, which names no operand,");
      return operands_[number];
    }
    const std::size_t name = text.find_first_not_of('%');
    if (name > 0 && name != npos)
      if (const std::string special = cpp_of_ptx_register(text.substr(name)); !special.empty()) return special;
    const auto digit = [&](std::size_t i) {
      return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]));
    };
    if (digit(0) || (text[0] == '-' && digit(1))) return number(text);
    if (text == "WARP_SZ") return "32";
    if (text == "_" || (name != npos && !is_word(text[name]) && text[name] != '$')) throw UnknownPtx("`" + text + "`");
    const std::string variable = register_name(text);
    if (!registers_.contains(variable)) throw UnknownPtx("`" + text + "`");
    return variable;
  }

  static std::string number(std::string text) {
    const std::string kind = text.substr(0, 2);
    for (std::size_t i = kind.starts_with('-'); i < text.size(); ++i)
      if (!is_word(text[i]) && text[i] != '.') throw UnknownPtx("the number `" + text + "`");
    if (kind == "0f" || kind == "0F") return kSpace + "bits<float>(0x" + text.substr(2) + "u)";
    if (kind == "0d" || kind == "0D") return kSpace + "bits<double>(0x" + text.substr(2) + "ull)";
    return text;
  }

  std::string text_, before_, after_;
  std::vector<std::string> operands_;
  std::map<std::string, std::size_t> names_;
  std::set<std::string> registers_;  ///< those that it declares
  bool extended_ = false;
  int open_ = 0;
};

}  // namespace

std::string cpp_of_ptx(const std::string& bare, const std::string& code) { return Statement(bare, code).cpp(); }

}  // namespace workbook::cuda
