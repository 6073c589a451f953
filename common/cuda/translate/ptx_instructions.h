#pragma once
/// The PTX instructions that are simulated, as C++.

#include <stdexcept>
#include <string>
#include <vector>

namespace workbook::cuda {

/// What is not simulated of PTX, as the part of a sentence that names it.
struct UnknownPtx : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An operand as C++: a variable or a number; several, in braces; or an address, with what is added to it.
struct PtxOperand {
  std::vector<std::string> values;
  bool is_list = false, is_address = false;
  std::string offset;

  const std::string& value() const;  ///< @throws UnknownPtx if it is none, or several
};

struct PtxInstruction {
  std::vector<std::string> parts;  ///< of the opcode: {"mul", "lo", "s32"}
  std::vector<PtxOperand> operands;

  std::string opcode() const;
  bool has(const std::string& part) const;
  const PtxOperand& operand(std::size_t i) const;  ///< @throws UnknownPtx
};

/// A C++ statement. @throws UnknownPtx
std::string cpp_of_instruction(const PtxInstruction& instruction);

/// The C++ type of a register of that PTX type. @throws UnknownPtx
std::string cpp_of_register_type(const std::string& type);

}  // namespace workbook::cuda
