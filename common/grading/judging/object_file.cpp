/// The tables of an ELF file, each of them checked against the bytes that are there.

#include <elf.h>

#include <cstring>
#include <stdexcept>

#include "common/grading/judging/object_rules.h"

namespace workbook::grading {
namespace {

std::string_view part(std::string_view file, std::uint64_t offset, std::uint64_t size) {
  if (offset > file.size() || size > file.size() - offset) throw std::runtime_error("a table reaches beyond the file");
  return file.substr(offset, size);
}

template <class T>
std::vector<T> table(std::string_view bytes) {
  std::vector<T> entries(bytes.size() / sizeof(T));
  std::memcpy(entries.data(), bytes.data(), entries.size() * sizeof(T));
  return entries;
}

std::string name_at(std::string_view names, std::uint64_t offset) {
  if (offset >= names.size()) throw std::runtime_error("a name lies outside of its table");
  return std::string(names.substr(offset, names.find('\0', offset) - offset));
}

ObjectFile::Binding binding_of(const Elf64_Sym& symbol) {
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  if (binding == STB_LOCAL) return ObjectFile::Binding::local;
  return binding == STB_WEAK ? ObjectFile::Binding::weak : ObjectFile::Binding::global;
}

/// A name that many files may define, and the first one does: inline functions, their statics, instantiations.
bool is_shared(const Elf64_Sym& symbol) { return ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE; }

void add_symbols(ObjectFile& object, const std::vector<Elf64_Sym>& symbols, std::string_view names) {
  for (const Elf64_Sym& symbol : symbols) {
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    if (symbol.st_name == 0 || type == STT_FILE || type == STT_SECTION) continue;
    object.symbols.push_back({name_at(names, symbol.st_name),
                              is_shared(symbol) ? ObjectFile::Binding::weak : binding_of(symbol),
                              symbol.st_shndx != SHN_UNDEF, type == STT_GNU_IFUNC});
  }
}

}  // namespace

ObjectFile read_object(std::string_view bytes) {
  const auto headers = table<Elf64_Ehdr>(part(bytes, 0, sizeof(Elf64_Ehdr)));
  const Elf64_Ehdr& header = headers.at(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_type != ET_REL)
    throw std::runtime_error("expected a 64-bit ELF object");
  // With very many sections their number stands in the first one.
  std::uint64_t count = header.e_shnum;
  const auto first = table<Elf64_Shdr>(part(bytes, header.e_shoff, sizeof(Elf64_Shdr)));
  if (count == 0) count = first.at(0).sh_size;
  if (count > bytes.size() / sizeof(Elf64_Shdr)) throw std::runtime_error("more sections than fit in the file");
  const auto sections = table<Elf64_Shdr>(part(bytes, header.e_shoff, count * sizeof(Elf64_Shdr)));
  const std::uint64_t names_index = header.e_shstrndx == SHN_XINDEX ? first.at(0).sh_link : header.e_shstrndx;
  const auto content = [&](const Elf64_Shdr& section) {
    return section.sh_type == SHT_NOBITS ? std::string_view() : part(bytes, section.sh_offset, section.sh_size);
  };
  const std::string_view section_names = content(sections.at(names_index));

  ObjectFile object;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NULL) continue;
    constexpr std::uint64_t kWritableCode = SHF_WRITE | SHF_EXECINSTR;
    object.sections.push_back(
        {name_at(section_names, section.sh_name), (section.sh_flags & kWritableCode) == kWritableCode});
    if (section.sh_type == SHT_SYMTAB)
      add_symbols(object, table<Elf64_Sym>(content(section)), content(sections.at(section.sh_link)));
  }
  return object;
}

}  // namespace workbook::grading
