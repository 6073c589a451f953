#include "common/grading/judging/object_rules.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace workbook::grading {
namespace {

using Names = std::initializer_list<std::string_view>;

bool begins_with_any(std::string_view name, Names beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view begin) { return name.starts_with(begin); });
}
bool is_any(std::string_view name, Names names) { return std::ranges::find(names, name) != names.end(); }

/// "sqrt", "sqrtf" and "sqrtl" of "sqrt".
bool is_mathematical(std::string_view name) {
  constexpr auto kFunctions = std::to_array<std::string_view>(
      {"acos",     "acosh",  "asin",    "asinh",   "atan",      "atan2",      "atanh",  "cbrt",      "ceil",
       "copysign", "cos",    "cosh",    "erf",     "erfc",      "exp",        "exp2",   "expm1",     "fabs",
       "fdim",     "floor",  "fma",     "fmax",    "fmin",      "fmod",       "frexp",  "hypot",     "ilogb",
       "ldexp",    "lgamma", "llrint",  "llround", "log",       "log10",      "log1p",  "log2",      "logb",
       "lrint",    "lround", "modf",    "nan",     "nearbyint", "nextafter",  "pow",    "remainder", "remquo",
       "rint",     "round",  "scalbln", "scalbn",  "sin",       "cabs",       "cacos",  "cacosh",    "carg",
       "casin",    "casinh", "catan",   "catanh",  "ccos",      "ccosh",      "cexp",   "clog",      "cpow",
       "csin",     "csinh",  "csqrt",   "ctan",    "ctanh",     "nexttoward", "sincos", "sinh",      "sqrt",
       "tan",      "tanh",   "tgamma",  "trunc",   "exp10"});
  const auto known = [&](std::string_view text) { return std::ranges::find(kFunctions, text) != kFunctions.end(); };
  return known(name) ||
         (!name.empty() && (name.back() == 'f' || name.back() == 'l') && known(name.substr(0, name.size() - 1)));
}

/// What the compiler calls for numbers that the processor has no instruction for, and what says how they are rounded.
bool is_arithmetic(std::string_view name) {
  return begins_with_any(name, {"__popcount", "__parity", "__clz",    "__ctz",      "__bswap",      "__divti",
                                "__modti",    "__udivti", "__umodti", "__divmodti", "__udivmodti",  "__mulsc",
                                "__muldc",    "__mulxc",  "__divsc",  "__divdc",    "__divxc",      "__powi",
                                "__fix",      "__float",  "__trunc",  "__extend",   "__fpclassify", "__signbit"}) ||
         is_any(name, {"feclearexcept", "feraiseexcept", "fetestexcept", "fegetround"});
}

bool is_of_characters(std::string_view name) {
  return is_any(name, {"isalnum", "isalpha", "isblank", "iscntrl", "isdigit", "isgraph", "islower", "isprint",
                       "ispunct", "isspace", "isupper", "isxdigit", "tolower", "toupper", "__ctype_b_loc",
                       "__ctype_tolower_loc", "__ctype_toupper_loc"});
}

/// What compiled C++ needs of its runtime, and what a lesson could have a use for.
bool is_lent_by_c(std::string_view name) {
  return is_mathematical(name) ||
         is_any(name, {"__gxx_personality_v0",
                       "_Unwind_Resume",
                       "_GLOBAL_OFFSET_TABLE_",
                       "__dso_handle",
                       "__tls_get_addr",
                       "__stack_chk_fail",
                       "__assert_fail",
                       "__dynamic_cast",
                       "__errno_location",
                       "__libc_single_threaded",
                       "__once_proxy",
                       "abort",
                       "exit",
                       "malloc",
                       "calloc",
                       "realloc",
                       "free",
                       "aligned_alloc",
                       "posix_memalign",
                       "qsort",
                       "bsearch",
                       "rand",
                       "srand",
                       "time",
                       "clock",
                       "abs",
                       "labs",
                       "llabs",
                       "div",
                       "ldiv",
                       "lldiv",
                       "memcpy",
                       "memmove",
                       "memset",
                       "memcmp",
                       "memchr",
                       "strlen",
                       "strcmp",
                       "strncmp",
                       "strcpy",
                       "strncpy",
                       "strchr",
                       "strrchr",
                       "strstr",
                       "strcat",
                       "strncat",
                       "strspn",
                       "strcspn",
                       "strpbrk",
                       "atoi",
                       "atol",
                       "atoll",
                       "atof",
                       "strtol",
                       "strtoll",
                       "strtoul",
                       "strtoull",
                       "strtod",
                       "strtof",
                       "printf",
                       "fprintf",
                       "sprintf",
                       "snprintf",
                       "vprintf",
                       "vfprintf",
                       "vsprintf",
                       "vsnprintf",
                       "perror",
                       "strerror",
                       "puts",
                       "putchar",
                       "putc",
                       "fputs",
                       "fputc",
                       "fwrite",
                       "fflush",
                       "stdout",
                       "stderr",
                       "nanosleep",
                       "sched_yield"}) ||
         is_arithmetic(name) || is_of_characters(name) ||
         begins_with_any(
             name, {"__cxa_", "wcs", "wmem", "pthread_mutex_", "pthread_cond_", "pthread_rwlock_", "omp_", "GOMP_"}) ||
         is_any(name, {"pthread_create", "pthread_join", "pthread_self", "pthread_once"});
}

/// The standard library without its files and programs, and libworkbook without what the worker counts with.
bool is_lent_by_cpp(std::string_view name) {
  if (!name.starts_with("_Z")) return false;
  const auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
  if (has("filesystem") || has("filebuf") || has("fstream") || has("read_hook")) return false;
  return begins_with_any(name, {"_ZSt",
                                "_ZNSt",
                                "_ZNKSt",
                                "_ZNVSt",
                                "_ZNVKSt",
                                "_ZNSi",  // std::istream
                                "_ZNKSi",
                                "_ZNSo",  // std::ostream
                                "_ZNKSo",
                                "_ZNSd",  // std::iostream
                                "_ZNKSd",
                                "_ZNSa",  // std::allocator<char>
                                "_ZNKSa",
                                "_ZTISt",
                                "_ZTVSt",
                                "_ZTSSt",
                                "_ZTTSt",
                                "_ZTINSt",
                                "_ZTVNSt",
                                "_ZTSNSt",
                                "_ZTTNSt",
                                "_ZGTtNKSt",
                                "_ZGTtNSt",
                                "_ZNKRSt",
                                "_Znw",
                                "_Zna",
                                "_Zdl",
                                "_Zda",
                                "_ZTVN10__cxxabiv1",
                                "_ZTIN10__cxxabiv1",
                                "_ZN8workbook",
                                "_ZNK8workbook",
                                "_ZTIN8workbook",
                                "_ZTVN8workbook",
                                "_ZTSN8workbook",
                                "_ZN5Eigen",
                                "_ZNK5Eigen"}) ||
         (name.starts_with("_ZTI") && name.size() <= 7);  // of fundamental types, which are thrown
}

/// Calls that the compiler puts before accesses, and the simulator's functions.
bool is_lent_by_flavour(std::string_view name, Flavour flavour) {
  const bool mark = begins_with_any(name, {"__tsan_read", "__tsan_write", "__tsan_unaligned_", "__tsan_volatile_",
                                           "__tsan_vptr_", "__tsan_func_", "__tsan_atomic"}) ||
                    is_any(name, {"__tsan_init", "__ubsan_handle_out_of_bounds"});
  return (flavour.marked && mark) || (flavour.cuda && begins_with_any(name, {"cuda", "workbook_cuda_"}));
}

bool is_lent(std::string_view name, Flavour flavour) {
  // In a file with kernels, the host has nothing to multiply.
  if (flavour.cuda && name.starts_with("_ZN8workbook") && name.find("matmul") != name.npos) return false;
  return is_lent_by_c(name) || is_lent_by_cpp(name) || is_lent_by_flavour(name, flavour);
}

/// Whether a name without C++'s marks belongs to somebody else, whatever the flavour.
bool is_reserved(std::string_view name) {
  return is_lent_by_c(name) || is_lent_by_flavour(name, {true, true}) ||
         begins_with_any(name, {"__wrap_", "__real_", "__tsan_", "__ubsan_", "__asan_", "__libc_", "workbook_"});
}

/// Whether it is a nested name, or a table or a guard of one, whose outer parts are `space`: "8workbook".
bool is_within(std::string_view name, std::string_view space) {
  constexpr std::string_view kNested[]{"_ZNK",  "_ZNV",  "_ZNR",  "_ZNO",  "_ZN",   "_ZTVN",
                                       "_ZTIN", "_ZTSN", "_ZTTN", "_ZGVN", "_ZTHN", "_ZTWN"};
  return std::ranges::any_of(kNested, [&](std::string_view start) {
    return name.starts_with(start) && name.substr(start.size()).starts_with(space);
  });
}

/// Whether it may define that name for all. What is weak may stand in many files, and the lesson's own come first.
bool may_define(const ObjectFile::Symbol& symbol, const LessonNames& lesson) {
  const std::string& name = symbol.name;
  constexpr std::string_view kAddress = "DW.ref.";  // where the tables of a catch find what is lent
  if (lesson.wanted.contains(name)) return true;
  if (name.starts_with(kAddress)) return is_lent(std::string_view(name).substr(kAddress.size()), {});
  if (!name.starts_with("_Z") || begins_with_any(name, {"_Znw", "_Zna", "_Zdl", "_Zda"})) return false;
  if (symbol.binding == ObjectFile::Binding::weak) return true;
  const bool of_std = begins_with_any(name, {"_ZSt", "_ZNSt", "_ZNKSt", "_ZTVSt", "_ZTISt"});
  const bool of_workbook = is_within(name, "8workbook") && !is_within(name, lesson.space);
  return !of_std && !of_workbook && !lesson.taken.contains(name);
}

bool is_ordinary(const std::string& section) {
  std::string_view name = section;
  if (name.starts_with(".rela.")) name.remove_prefix(5);
  const auto is = [&](std::string_view kind) {
    return name.starts_with(kind) && (name.size() == kind.size() || name[kind.size()] == '.');
  };
  // 99: where the compiler starts its marks.
  return is_any(name, {".init_array", ".init_array.00099", ".symtab", ".strtab", ".shstrtab", ".symtab_shndx"}) ||
         name.starts_with(".debug_") || is(".text") || is(".data") || is(".bss") || is(".rodata") || is(".tdata") ||
         is(".tbss") || is(".eh_frame") || is(".gcc_except_table") || is(".group") || is(".comment") || is(".note");
}

/// Where nobody would look for it.
std::string who_uses(std::string_view name) {
  return name == "syscall"
             ? ", as std::jthread, std::barrier, semaphores and the wait() of an atomic do: use std::thread and a mutex"
             : "";
}

}  // namespace

LessonNames names_of(const std::string& name, const std::vector<ObjectFile>& objects) {
  LessonNames names{.space = "8workbook" + std::to_string(name.size()) + name, .wanted = {}, .taken = {}};
  for (const ObjectFile& object : objects)
    for (const ObjectFile::Symbol& symbol : object.symbols)
      if (symbol.defined)
        names.taken.insert(symbol.name);
      else if (is_within(symbol.name, names.space))
        names.wanted.insert(symbol.name);
  return names;
}

std::vector<std::string> refused_parts(const ObjectFile& object, const LessonNames& lesson, Flavour flavour) {
  std::vector<std::string> refused;
  for (const ObjectFile::Section& section : object.sections)
    if (!is_ordinary(section.name) || section.writable_code) refused.push_back("has a section " + section.name);
  for (const ObjectFile::Symbol& symbol : object.symbols) {
    if (symbol.chosen_at_run_time) refused.push_back("chooses at run time what " + symbol.name + " is");
    const bool own =
        symbol.binding == ObjectFile::Binding::local ? !is_reserved(symbol.name) : may_define(symbol, lesson);
    if (symbol.defined && !own) refused.push_back("defines " + symbol.name);
    if (!symbol.defined && !is_lent(symbol.name, flavour))
      refused.push_back("uses " + symbol.name + who_uses(symbol.name));
  }
  return refused;
}

}  // namespace workbook::grading
