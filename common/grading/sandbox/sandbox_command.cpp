/// The command lines of the tiers.

#include <unistd.h>

#include <fmt/core.h>

#include "common/grading/sandbox/sandbox.h"

namespace workbook::grading {
namespace {

using Words = std::vector<std::string>;

void add(Words& words, std::initializer_list<std::string> more) { words.insert(words.end(), more); }

/// What the system lends: compilers, headers and all libraries to who has `tools`, else only where libraries are.
std::vector<fs::path> system_paths(bool tools) {
  std::vector<fs::path> paths{"/etc/ld.so.cache"};
  if (tools)
    for (const char* path : {"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/bin", "/bin",
                             "/usr/libexec", "/usr/include", "/usr/local/include"})
      paths.emplace_back(path);
  std::erase_if(paths, [](const fs::path& path) { return !fs::exists(path); });
  return paths;
}

/// Who it is, and what it may use, whatever it sees.
void limit(Words& words, const Sandbox& sandbox, const Access& access) {
  add(words, {(sandbox.box / "bin/confine").string(), "--keep", "3", "--processes", std::to_string(access.processes)});
  if (sandbox.own_user) add(words, {"--uid", std::to_string(sandbox.uid)});
  if (access.cpu_seconds) add(words, {"--cpu-seconds", std::to_string(access.cpu_seconds)});
  if (access.file_bytes) add(words, {"--file-bytes", std::to_string(access.file_bytes)});
  if (access.address_space) add(words, {"--address-space", std::to_string(access.address_space)});
}

/// The last step before a compiler: its system calls, its environment, and the word that the sandbox stands.
void filter(Words& words, const Access& access, const std::string& temporary) {
  if (access.tools) add(words, {"--filter", "compiler", "--ready", "3"});
  for (const std::string& entry : access.environment) add(words, {"--env", entry});
  if (access.work) add(words, {"--env", "TMPDIR=" + temporary});
}

void see(Words& words, const fs::path& path) {
  if (fs::is_symlink(path) && fs::is_directory(path))
    add(words, {"--symlink", fs::read_symlink(path).string(), path.string()});
  else
    add(words, {"--ro-bind", path.string(), path.string()});
}

Words in_namespaces(const Sandbox& sandbox, const Access& access) {
  Words words;
  limit(words, sandbox, access);
  // --as-pid-1: when the program ends, the kernel ends everything in its namespaces, and nobody stands between.
  add(words, {"--", sandbox.bwrap.string(), "--unshare-user", "--unshare-all", "--disable-userns", "--uid", "65534",
              "--gid", "65534", "--hostname", "sandbox", "--die-with-parent", "--new-session", "--as-pid-1",
              "--cap-drop", "ALL", "--clearenv"});
  // Before what may lie below it.
  if (access.work) add(words, {"--size", std::to_string(64 << 20), "--tmpfs", "/tmp"});
  for (const std::string& entry : access.environment) {
    const auto equals = entry.find('=');
    add(words, {"--setenv", entry.substr(0, equals), entry.substr(equals + 1)});
  }
  for (const fs::path& path : system_paths(access.tools)) see(words, path);
  for (const fs::path& path : access.read) see(words, path);
  if (access.tools) see(words, sandbox.box / "bin");
  const std::string work = (sandbox.box / "work").string();
  if (access.work) add(words, {"--bind", work, work});
  add(words, {"--chdir", "/", "--remount-ro", "/", "--"});
  if (access.tools || access.work) {
    add(words, {(sandbox.box / "bin/confine").string()});
    filter(words, access, "/tmp");
    add(words, {"--"});
  }
  return words;
}

Words by_landlock(const Sandbox& sandbox, const Access& access) {
  Words words;
  limit(words, sandbox, access);
  for (const fs::path& path : system_paths(access.tools)) add(words, {"--read", path.string()});
  for (const fs::path& path : access.read) add(words, {"--read", path.string()});
  const std::string work = (sandbox.box / "work").string();
  if (access.work) add(words, {"--write", work});
  filter(words, access, work);
  add(words, {"--"});
  return words;
}

}  // namespace

std::vector<std::string> sandbox_command(const Sandbox& sandbox, const Access& access) {
  return sandbox.tier == Tier::namespaces ? in_namespaces(sandbox, access) : by_landlock(sandbox, access);
}

}  // namespace workbook::grading
