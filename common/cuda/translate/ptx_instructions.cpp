#include "common/cuda/translate/ptx_instructions.h"

#include <algorithm>
#include <map>

#include "common/cuda/translate/ptx_table.h"

namespace workbook::cuda {
namespace {

const std::string kSpace = "::workbook::ptx::";

std::string type_of(const PtxInstruction& instruction) {
  const std::string& type = cpp_of_ptx_type(instruction.parts.back());
  if (type.empty()) throw UnknownPtx("`" + instruction.opcode() + "`");
  return type;
}

std::string bits(const std::string& type, const std::string& value) {
  return kSpace + "bits<" + type + ">(" + value + ")";
}
std::string put(const std::string& to, const std::string& value) { return kSpace + "put(" + to + ", " + value + ")"; }

/// A row of the table with the operands in their places.
std::string filled(const std::string& pattern, const PtxInstruction& instruction) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i], next = i + 1 < pattern.size() ? pattern[i + 1] : ' ';
    if (c == '~') {
      result += kSpace;
      continue;
    }
    if ((c != '$' && c != '#' && c != '?') || next < '0' || next > '9') {
      result += c;
      continue;
    }
    const std::string& value = instruction.operand(static_cast<std::size_t>(next - '0')).value();
    result += bits(c == '#' ? "unsigned" : c == '?' ? "bool" : type_of(instruction), value);
    ++i;
  }
  return result;
}

/// A pointer to what an address of this instruction's space means.
std::string pointer(const PtxInstruction& instruction, const PtxOperand& operand) {
  if (!operand.is_address) throw UnknownPtx("`" + instruction.opcode() + "` without an address");
  const std::string address =
      bits("unsigned long long", operand.values.at(0)) +
      (operand.offset.empty() ? "" : " + static_cast<unsigned long long>(" + operand.offset + ")");
  return kSpace + (instruction.has("shared") ? "in_shared(" : "anywhere(") + address + ")";
}

std::string move(const PtxInstruction& instruction) {
  const PtxOperand &to = instruction.operand(0), &from = instruction.operand(1);
  if (to.is_list && to.values.size() == 2) {
    const std::string whole = bits(type_of(instruction), from.value());
    return kSpace + "split(" + whole + ", " + to.values[0] + ", " + to.values[1] + ")";
  }
  if (from.is_list && from.values.size() == 2)
    return put(to.value(),
               kSpace + "joined<" + type_of(instruction) + ">(" + from.values[0] + ", " + from.values[1] + ")");
  return put(to.value(), bits(type_of(instruction), from.value()));
}

std::string compare(const PtxInstruction& instruction) {
  static const std::map<std::string, std::string> kSigns = {{"eq", "=="}, {"ne", "!="}, {"lt", "<"}, {"le", "<="},
                                                            {"gt", ">"},  {"ge", ">="}, {"lo", "<"}, {"ls", "<="},
                                                            {"hi", ">"},  {"hs", ">="}};
  const auto sign = instruction.parts.size() == 3 ? kSigns.find(instruction.parts[1]) : kSigns.end();
  if (sign == kSigns.end()) throw UnknownPtx("`" + instruction.opcode() + "`");
  return put(instruction.operand(0).value(), filled("$1 " + sign->second + " $2", instruction));
}

std::string convert(const PtxInstruction& instruction) {
  if (instruction.parts.size() < 3 || instruction.has("satfinite") || instruction.has("relu"))
    throw UnknownPtx("`" + instruction.opcode() + "`");
  const std::string& to = instruction.parts[instruction.parts.size() - 2];
  const std::string& type = cpp_of_ptx_type(to);
  if (type.empty()) throw UnknownPtx("`" + instruction.opcode() + "`");
  if (to == "f16x2" || to == "bf16x2") {
    const std::string one = to == "f16x2" ? "Half" : "Bfloat";
    return put(instruction.operand(0).value(),
               kSpace + "pair_of<" + kSpace + one + ">(" + filled("$2, $1", instruction) + ")");
  }
  const char* way = instruction.has("rni")   ? "nearest"
                    : instruction.has("rmi") ? "down"
                    : instruction.has("rpi") ? "up"
                    : instruction.has("sat") ? "saturated"
                                             : "plain";
  if (instruction.has("rz") || instruction.has("rm") || instruction.has("rp"))
    throw UnknownPtx("`" + instruction.opcode() + "`");
  return put(instruction.operand(0).value(),
             kSpace + "converted<" + type + ", " + kSpace + way + ">(" + filled("$1", instruction) + ")");
}

/// cvta.to.shared and its inverse.
std::string convert_address(const PtxInstruction& instruction) {
  const std::string from = bits("unsigned long long", instruction.operand(1).value());
  if (!instruction.has("shared")) return put(instruction.operand(0).value(), from);
  return put(instruction.operand(0).value(),
             instruction.has("to") ? "::__cvta_generic_to_shared(" + kSpace + "anywhere(" + from + "))"
                                   : "reinterpret_cast<unsigned long long>(" + kSpace + "in_shared(" + from + "))");
}

void check_space(const PtxInstruction& instruction) {
  for (const char* part : {"param", "const", "local", "shared::cluster", "multimem"})
    if (instruction.has(part)) throw UnknownPtx("`" + instruction.opcode() + "`");
}

/// ld and st, of 1, 2 or 4 numbers in one access.
std::string load_or_store(const PtxInstruction& instruction, bool load) {
  check_space(instruction);
  const PtxOperand &address = instruction.operand(load ? 1 : 0), &list = instruction.operand(load ? 0 : 1);
  const std::size_t count = instruction.has("v4") ? 4 : instruction.has("v2") ? 2 : 1;
  if (list.values.size() != count) throw UnknownPtx("`" + instruction.opcode() + "` of so many registers");
  const bool ordered = instruction.has("acquire") || instruction.has("release");
  const bool is_volatile = ordered || instruction.has("volatile") || instruction.has("relaxed");
  std::string type = type_of(instruction);
  const std::string words = type + ", " + std::to_string(count) + (is_volatile ? ", true" : "");
  const std::string at = pointer(instruction, address);
  if (load) {
    std::string result = "{ const auto workbook_words = " + kSpace + "load<" + words + ">(" + at + "); ";
    if (ordered) result += "__threadfence(); ";
    for (std::size_t i = 0; i < count; ++i)
      result += put(list.values[i], "workbook_words.x[" + std::to_string(i) + "]") + "; ";
    return result + "}";
  }
  std::string values;
  for (const std::string& value : list.values) values += ", " + bits(type, value);
  return (ordered ? std::string("__threadfence(); ") : "") + kSpace + "store_words<" + words + ">(" + at + values + ")";
}

std::string copy_async(const PtxInstruction& instruction) {
  const std::size_t count = instruction.operands.size() - (instruction.has("L2::cache_hint") ? 1 : 0);
  const bool bypasses = instruction.has("cg");
  if ((!instruction.has("ca") && !bypasses) || !instruction.has("global") || instruction.operands.size() < 3 ||
      count > 4)
    throw UnknownPtx("`" + instruction.opcode() + "`");
  PtxInstruction to{{"st", "shared"}, {}}, from{{"ld", "global"}, {}};
  const std::string bytes = instruction.operand(2).value();
  return kSpace + "copy_bytes<" + bytes + ", " + (bypasses ? "true" : "false") + ">(" +
         pointer(to, instruction.operand(0)) + ", " + pointer(from, instruction.operand(1)) + ", " +
         (count == 4 ? bits("int", instruction.operand(3).value()) : bytes) + ")";
}

std::string load_matrix(const PtxInstruction& instruction) {
  const std::size_t count = instruction.has("x4") ? 4 : instruction.has("x2") ? 2 : 1;
  const PtxOperand& to = instruction.operand(0);
  if (!instruction.has("m8n8") || !instruction.has("b16") || to.values.size() != count)
    throw UnknownPtx("`" + instruction.opcode() + "`");
  const PtxInstruction shared{{"ld", "shared"}, {}};
  std::string result = "{ unsigned workbook_rows[" + std::to_string(count) + "]; " + kSpace + "load_matrices<" +
                       std::to_string(count) + ", " + (instruction.has("trans") ? "true" : "false") +
                       ">(workbook_rows, " + pointer(shared, instruction.operand(1)) + "); ";
  for (std::size_t i = 0; i < count; ++i)
    result += put(to.values[i], "workbook_rows[" + std::to_string(i) + "]") + "; ";
  return result + "}";
}

std::string multiply(const PtxInstruction& instruction) {
  const std::string opcode = instruction.opcode();
  const auto shape = [&](const char* text) { return opcode.find(text) != std::string::npos; };
  const bool deep = shape(".m16n8k16.row.col."), bfloat = shape(".f32.bf16.bf16.f32");
  const bool narrow = shape(".f16.f16.f16.f16"), known = bfloat || narrow || shape(".f32.f16.f16.f32");
  if ((!deep && !shape(".m16n8k8.row.col.")) || !known || instruction.parts.size() != 9u + instruction.has("aligned"))
    throw UnknownPtx("`" + opcode + "`");
  const std::size_t sizes[] = {narrow ? 2u : 4u, deep ? 4u : 2u, deep ? 2u : 1u, narrow ? 2u : 4u};
  std::string result = "{ " + kSpace + "Multiplication<" + kSpace + (bfloat ? "Bfloat" : "Half") + ", " +
                       (deep ? "16" : "8") + ", " + (narrow ? "true" : "false") + "> workbook_mma; ";
  for (std::size_t i = 1; i < 4; ++i)
    for (std::size_t j = 0; j < sizes[i]; ++j) {
      const PtxOperand& list = instruction.operand(i);
      if (list.values.size() != sizes[i]) throw UnknownPtx("`" + opcode + "` of so many registers");
      result += "workbook_mma." + std::string(1, "dabc"[i]) + "(" + std::to_string(j) + ", " + list.values[j] + "); ";
    }
  result += "workbook_mma.run(); ";
  if (instruction.operand(0).values.size() != sizes[0]) throw UnknownPtx("`" + opcode + "` of so many registers");
  for (std::size_t j = 0; j < sizes[0]; ++j)
    result += put(instruction.operand(0).values[j], "workbook_mma.d(" + std::to_string(j) + ")") + "; ";
  return result + "}";
}

std::string barrier(const PtxInstruction& instruction) {
  if (instruction.parts.size() < 2 || instruction.parts[1] != "sync" || instruction.operands.size() != 1 ||
      instruction.operand(0).value() != "0")
    throw UnknownPtx("`" + instruction.opcode() + "` of a part of the block");
  return "__syncthreads()";
}

std::string atomic(const PtxInstruction& instruction, bool has_result) {
  check_space(instruction);
  static const std::map<std::string, std::string> kFunctions = {
      {"add", "atomicAdd"}, {"min", "atomicMin"}, {"max", "atomicMax"},   {"and", "atomicAnd"},
      {"or", "atomicOr"},   {"xor", "atomicXor"}, {"exch", "atomicExch"}, {"cas", "atomicCAS"}};
  for (const auto& [part, function] : kFunctions) {
    if (!instruction.has(part)) continue;
    const std::size_t first = has_result ? 1 : 0;
    const std::string type = type_of(instruction);
    std::string call = "::" + function + "(static_cast<" + type + "*>(" +
                       pointer(instruction, instruction.operand(first)) + "), " +
                       bits(type, instruction.operand(first + 1).value());
    if (part == "cas") call += ", " + bits(type, instruction.operand(first + 2).value());
    call += ")";
    return has_result ? put(instruction.operand(0).value(), call) : call;
  }
  throw UnknownPtx("`" + instruction.opcode() + "`");
}

}  // namespace

const std::string& PtxOperand::value() const {
  if (is_list || is_address || values.empty()) throw UnknownPtx("an operand of this form");
  return values[0];
}

std::string PtxInstruction::opcode() const {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ".") + part;
  return text;
}

bool PtxInstruction::has(const std::string& part) const { return std::ranges::find(parts, part) != parts.end(); }

const PtxOperand& PtxInstruction::operand(std::size_t i) const {
  if (i >= operands.size()) throw UnknownPtx("`" + opcode() + "` with so few operands");
  return operands[i];
}

std::string cpp_of_register_type(const std::string& type) {
  if (cpp_of_ptx_type(type).empty()) throw UnknownPtx("`.reg ." + type + "`");
  if (type.ends_with("16x2")) return "unsigned";
  return type.ends_with("f16") ? "unsigned short" : cpp_of_ptx_type(type);
}

std::string cpp_of_instruction(const PtxInstruction& written) {
  PtxInstruction instruction = written;
  std::ranges::replace(instruction.parts, std::string("shared::cta"), std::string("shared"));
  const std::string& name = instruction.parts[0];
  const auto is = [&](const char* word, std::size_t i = 0) {
    return i < instruction.parts.size() && instruction.parts[i] == word;
  };
  if (name == "mov") return move(instruction);
  if (name == "setp") return compare(instruction);
  if (name == "cvt") return convert(instruction);
  if (name == "cvta") return convert_address(instruction);
  if (name == "ld" || name == "st") return load_or_store(instruction, name == "ld");
  if (name == "ldu") return load_or_store(instruction, true);
  if (is("cp") && is("async", 1) && (is("ca", 2) || is("cg", 2))) return copy_async(instruction);
  if (name == "ldmatrix") return load_matrix(instruction);
  if (name == "mma") return multiply(instruction);
  if ((name == "bar" && !is("warp", 1)) || (name == "barrier" && !is("cluster", 1))) return barrier(instruction);
  if (name == "atom" || name == "red") return atomic(instruction, name == "atom");
  std::string key;
  for (const std::string& part : instruction.parts)
    if (!is_ignored_in_ptx(part) && cpp_of_ptx_type(part).empty()) key += (key.empty() ? "" : ".") + part;
  if (const char* action = ptx_action(key)) return filled(action, instruction);
  if (const char* result = ptx_result(key)) return put(instruction.operand(0).value(), filled(result, instruction));
  throw UnknownPtx("`" + instruction.opcode() + "`");
}

}  // namespace workbook::cuda
