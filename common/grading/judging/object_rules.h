#pragma once
/// What a submission's object may hold before it is linked: it defines its contract's functions and names of its own,
/// and borrows from a list. A second fence: what it keeps out would still run in the sandbox, but it could speak for
/// the worker, or count for the simulator.

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace workbook::grading {

/// What a relocatable file says of itself; as bytes, for a file that a compiler made of hostile source.
struct ObjectFile {
  enum class Binding { local, global, weak };
  struct Symbol {
    std::string name;
    Binding binding = Binding::local;
    bool defined = false, chosen_at_run_time = false;  ///< GNU's indirect functions
  };
  struct Section {
    std::string name;
    bool writable_code = false;
  };
  std::vector<Symbol> symbols;
  std::vector<Section> sections;
};

/// @throws std::runtime_error if the bytes are no 64-bit ELF object
ObjectFile read_object(std::string_view bytes);

/// The names that the lesson's own objects want from the submission, and those that they define themselves.
struct LessonNames {
  std::string space;  ///< of the contract, as mangled names have it: "8workbook14stable_softmax"
  std::set<std::string> wanted, taken;
};
/// @param name the contract's namespace in workbook
LessonNames names_of(const std::string& name, const std::vector<ObjectFile>& objects);

/// How the submission was compiled.
struct Flavour {
  bool marked = false;  ///< the compiler marks accesses
  bool cuda = false;
};

/// One sentence for each thing that may not be there; none if the object may be linked.
std::vector<std::string> refused_parts(const ObjectFile& object, const LessonNames& lesson, Flavour flavour);

}  // namespace workbook::grading
