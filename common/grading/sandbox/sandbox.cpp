#include "common/grading/sandbox/sandbox.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/core.h>

#include "common/grading/sandbox/processes.h"
#include "common/report/verdict.h"
#include "common/system/bounded_run.h"
#include "common/system/temporary_folder.h"

namespace workbook::grading {
namespace {

constexpr std::array kTiers{Tier::namespaces, Tier::separate_uid, Tier::weak};
constexpr uid_t kFirstUser = 60600, kLastUser = 61100;  // a range that distributions leave alone

/// The lock of a sandbox's user. The file goes while the lock is held, and whoever has opened it by then finds that
/// out.
struct UserLock {
  fs::path path;
  system::FileDescriptor lock;

  UserLock() = default;
  UserLock(const UserLock&) = delete;
  UserLock& operator=(const UserLock&) = delete;
  ~UserLock() {
    if (lock.get() >= 0) unlink(path.c_str());
  }
};

struct Held {
  UserLock user;  // until its folder has gone
  system::ScratchFolder folder;
};

fs::path program_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

fs::path find_bwrap() {
  for (const char* place : {"/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"})
    if (access(place, X_OK) == 0) return place;
  return {};
}

/// Root's alone: whoever could make files in it could hold every lock.
fs::path lock_folder() {
  const fs::path folder = "/run/workbook";
  struct stat status {};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw Error(fmt::format("expected to make {}; found: {}", folder.string(), std::strerror(errno)));
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid() ||
      (status.st_mode & 077) != 0)
    throw Error(fmt::format("expected {} to be a folder of root's alone; found something else", folder.string()));
  return folder;
}

/// A user without account or processes, kept from other graders on this machine by a lock.
uid_t take_user(UserLock& held) {
  const fs::path folder = lock_folder();
  for (uid_t user = kFirstUser; user <= kLastUser; ++user) {
    if (getpwuid(user) != nullptr) continue;
    held.path = folder / fmt::format("user-{}.lock", user);
    held.lock = system::try_lock(held.path);
    if (held.lock.get() < 0) continue;
    end_all_of(user);  // what a killed grader left
    return user;
  }
  throw Error(fmt::format("expected a free user between {} and {}; found none", kFirstUser, kLastUser));
}

void give(const fs::path& path, uid_t user, gid_t group, mode_t mode) {
  if (chown(path.c_str(), user, group) != 0 || chmod(path.c_str(), mode) != 0)
    throw Error(fmt::format("cannot give a sandbox {}: {}", path.string(), std::strerror(errno)));
}

/// An empty place for a tier, not tried yet.
Sandbox furnish(Tier tier, const fs::path& confine) {
  const auto held = std::make_shared<Held>();
  Sandbox sandbox{.tier = tier, .uid = getuid(), .box = held->folder.path(), .bwrap = find_bwrap(), .held = held};
  if (getuid() == 0) {
    sandbox.uid = take_user(held->user);
    sandbox.own_user = true;
  }
  // What students wrote is for us and the sandbox's user, whose group is its own; for other users it does not exist.
  if (sandbox.own_user) give(sandbox.box, getuid(), sandbox.uid, 0750);
  for (const char* folder : {"bin", "source", "plugin", "work"}) {
    fs::create_directory(sandbox.box / folder);
    give(sandbox.box / folder, getuid(), getgid(), 0755);
  }
  give(sandbox.box / "work", sandbox.uid, getgid(), 0700);
  fs::copy_file(confine, sandbox.box / "bin/confine");
  chmod((sandbox.box / "bin/confine").c_str(), 0755);
  return sandbox;
}

/// Tries it: a program in it must run, must not be root, and must not reach a file that everybody may read.
/// @returns why it does not hold; empty if it does
std::string flaw_of(const Sandbox& sandbox) {
  const fs::path secret = sandbox.box / "secret";
  std::ofstream(secret) << "out of reach";
  chmod(secret.c_str(), 0644);
  system::BoundedCommand probe{.argv = sandbox_command(sandbox, {.read = {sandbox.box / "bin"}}), .wall_seconds = 300};
  for (const auto& word : {(sandbox.box / "bin/confine").string(), std::string("--must-not-read"), secret.string(),
                           std::string("--"), std::string("/nothing")})
    probe.argv.push_back(word);
  const system::Bounded run = system::run_bounded(probe);
  if (run.ok()) return {};
  const std::string first = run.output.substr(0, run.output.find('\n'));
  return first.empty() ? fmt::format("exit code {}, signal {}", run.exit_code, run.signal) : first;
}

std::string cannot_be(Tier tier) {
  if (tier == Tier::namespaces && find_bwrap().empty()) return "expected the program bwrap; found none";
  if (tier == Tier::separate_uid && getuid() != 0) return "needs root";
  if (tier == Tier::weak && getuid() == 0) return "is not for root, whom nothing would hold";
  return {};
}

std::optional<Tier> tier_wanted(const SandboxOptions& options) {
  if (options.tier) return options.tier;
  const char* wanted = std::getenv("WORKBOOK_SANDBOX");
  return wanted && *wanted ? std::optional(tier_named(wanted)) : std::nullopt;
}

}  // namespace

std::string_view name(Tier tier) {
  switch (tier) {
    case Tier::namespaces:
      return "namespaces";
    case Tier::separate_uid:
      return "separate_uid";
    case Tier::weak:
      break;
  }
  return "weak";
}

Tier tier_named(std::string_view wanted) {
  for (const Tier tier : kTiers)
    if (name(tier) == wanted) return tier;
  throw Error(fmt::format("expected namespaces, separate_uid or weak; found {}", wanted), kExitUsage);
}

Sandbox strongest_sandbox(int slot, const SandboxOptions& options) {
  const auto wanted = tier_wanted(options);
  const fs::path confine = options.confine.empty() ? program_folder() / "confine" : options.confine;
  if (!fs::exists(confine)) throw Error(fmt::format("expected the program {}; found none", confine.string()));
  std::string reasons;
  for (const Tier tier : kTiers) {
    if (wanted && *wanted != tier) continue;
    std::string flaw = cannot_be(tier);
    if (flaw.empty()) {
      Sandbox sandbox = furnish(tier, confine);
      flaw = flaw_of(sandbox);
      if (flaw.empty() && (tier != Tier::weak || options.allow_weak)) return sandbox;
      if (flaw.empty()) flaw = "works, but is refused without --allow-weak-sandbox";
    }
    reasons += fmt::format("\n  {}: {}", name(tier), flaw);
  }
  throw Error(fmt::format("expected a sandbox for job {}; found none that holds on this machine:{}", slot, reasons));
}

void clean_up(const Sandbox& sandbox) {
  if (sandbox.own_user) end_all_of(sandbox.uid);
  for (const char* folder : {"work", "source", "plugin"})
    for (const auto& entry : fs::directory_iterator(sandbox.box / folder)) fs::remove_all(entry.path());
}

}  // namespace workbook::grading
