#include "common/cuda/sim/symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <span>

namespace workbook::cuda {
namespace {

/// A table of the file; empty if it reaches beyond the end.
template <class T>
std::span<const T> table(const std::string& file, std::uint64_t offset, std::uint64_t bytes) {
  if (offset > file.size() || bytes > file.size() - offset) return {};
  return {reinterpret_cast<const T*>(file.data() + offset), bytes / sizeof(T)};
}

/// "tile" of "kernel(float*)::tile"
std::string last_name(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> whole(abi::__cxa_demangle(symbol, nullptr, nullptr, &status),
                                                          &std::free);
  const std::string text = whole ? whole.get() : symbol;
  const auto colon = text.rfind("::");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

}  // namespace

Symbols::Symbols(const void* code) {
  Dl_info info;
  if (!dladdr(code, &info) || !info.dli_fname) return;
  base_ = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  std::ifstream in(info.dli_fname, std::ios::binary);
  read({std::istreambuf_iterator<char>(in), {}});
}

void Symbols::read(const std::string& file) {
  const auto headers = table<Elf64_Ehdr>(file, 0, sizeof(Elf64_Ehdr));
  if (headers.empty() || file.compare(0, SELFMAG, ELFMAG) != 0) return;
  const auto sections =
      table<Elf64_Shdr>(file, headers[0].e_shoff, std::uint64_t{headers[0].e_shnum} * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const Elf64_Shdr& strings = sections[section.sh_link];
    const auto names = table<char>(file, strings.sh_offset, strings.sh_size);
    for (const Elf64_Sym& symbol : table<Elf64_Sym>(file, section.sh_offset, section.sh_size)) {
      if (symbol.st_name >= names.size() || symbol.st_shndx == SHN_UNDEF) continue;
      const char* name = &names[symbol.st_name];
      if (ELF64_ST_TYPE(symbol.st_info) == STT_TLS)
        shared_.push_back({name, last_name(name), symbol.st_value, symbol.st_size});
      else if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC)
        functions_.emplace_back(symbol.st_value, name);
    }
  }
}

const SharedVariable* Symbols::shared_at(std::size_t offset) const {
  const auto found = std::find_if(shared_.begin(), shared_.end(),
                                  [&](const SharedVariable& v) { return offset - v.offset < v.bytes; });
  return found == shared_.end() ? nullptr : &*found;
}

std::size_t Symbols::shared_bytes_of(const void* kernel) const {
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(kernel) - base_;
  std::size_t bytes = 0;
  for (const auto& [offset, name] : functions_) {
    if (offset != at || !name.starts_with("_Z")) continue;
    const std::string prefix = "_ZZ" + name.substr(2) + "E";
    for (const SharedVariable& v : shared_)
      if (v.symbol.starts_with(prefix)) bytes += v.bytes;
    break;
  }
  return bytes;
}

const Symbols& symbols_of(const void* code) {
  static std::map<const void*, std::unique_ptr<Symbols>> known;
  Dl_info info;
  const void* base = dladdr(code, &info) ? info.dli_fbase : nullptr;
  auto& symbols = known[base];
  if (!symbols) symbols = std::make_unique<Symbols>(code);
  return *symbols;
}

}  // namespace workbook::cuda
