#pragma once
/// Names of a plugin's static shared variables, from its file's symbol table.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace workbook::cuda {

struct SharedVariable {
  std::string symbol;  ///< mangled: _ZZ<function>E<name>
  std::string name;    ///< as in the source: "tile"
  std::size_t offset = 0, bytes = 0;
};

class Symbols {
 public:
  /// Of the plugin that holds `code`. What cannot be read stays unknown.
  explicit Symbols(const void* code);

  /// The variable at this distance into static shared memory; null if none is known.
  const SharedVariable* shared_at(std::size_t offset) const;

  const std::vector<SharedVariable>& shared() const { return shared_; }

  /// Bytes of the kernel's own __shared__ variables.
  std::size_t shared_bytes_of(const void* kernel) const;

 private:
  void read(const std::string& file);

  std::uintptr_t base_ = 0;
  std::vector<SharedVariable> shared_;
  std::vector<std::pair<std::uintptr_t, std::string>> functions_;  ///< offset in the file, mangled name
};

/// Read once for each plugin.
const Symbols& symbols_of(const void* code);

}  // namespace workbook::cuda
