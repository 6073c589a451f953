#pragma once
/// The tables of PTX: instructions, types and special registers, and the C++ that each of them stands for.

#include <string>

namespace workbook::cuda {

/// The result of an instruction, or what is done by one that has none; null if the table has no such one. Of the opcode
/// types are left out, and parts that are ignored.
const char* ptx_result(const std::string& opcode);
const char* ptx_action(const std::string& opcode);

/// Parts of an opcode that concern caches, speed, or rounding to nearest.
bool is_ignored_in_ptx(const std::string& part);

/// The C++ type of "f32"; empty if there is no such type.
const std::string& cpp_of_ptx_type(const std::string& type);

/// What "laneid" or "tid.x" reads; empty if there is no such register.
std::string cpp_of_ptx_register(const std::string& name);

/// The C++ type of the register that an operand's constraint asks for, as "r"; empty if there is no such one.
std::string cpp_of_constraint(char constraint);

}  // namespace workbook::cuda
