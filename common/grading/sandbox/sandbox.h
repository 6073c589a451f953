#pragma once
/// Where submissions are compiled and run: the strongest confinement that this machine allows, tried and not guessed.
/// docs/grading_security.md tells what each tier defends.

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/system/errors.h"

namespace workbook::grading {

namespace fs = std::filesystem;
using Error = system::Error;

enum class Tier {
  namespaces,    ///< bubblewrap: own processes, files, network, users; needs user namespaces
  separate_uid,  ///< a user of its own and Landlock; needs root, works in containers
  weak           ///< Landlock under the instructor's own user
};

std::string_view name(Tier tier);
/// @throws Error that lists the tiers
Tier tier_named(std::string_view name);

/// One job's place. Jobs that run at the same time have one each; it holds one job at a time.
struct Sandbox {
  Tier tier = Tier::weak;
  uid_t uid = 0;          ///< who runs there; as root a user that nobody else is, else ourselves
  bool own_user = false;  ///< uid is this sandbox's alone
  fs::path box;           ///< bin/, source/, plugin/ are ours to fill and theirs to read; work/ is theirs
  fs::path bwrap;
  std::shared_ptr<const void> held;  ///< keeps folder and user
};

struct SandboxOptions {
  std::optional<Tier> tier;  ///< only this one; the environment's WORKBOOK_SANDBOX says the same
  bool allow_weak = false;
  fs::path confine;  ///< the program; found beside this one if empty
};

/// Sets up the strongest tier that holds here. @param slot only for messages: each call gets a place of its own.
/// @throws Error saying why each tier does not hold, or that only the weak one does and it was not allowed
Sandbox strongest_sandbox(int slot, const SandboxOptions& options = {});

/// What a program may see and use.
struct Access {
  std::vector<fs::path> read;
  bool tools = false;                                       ///< the system's compilers and headers
  bool work = false;                                        ///< box/work to write to, and a place for temporary files
  long processes = 256;                                     ///< and threads
  long cpu_seconds = 0, file_bytes = 0, address_space = 0;  ///< of each process; 0: no limit of this kind
  std::vector<std::string> environment;
};

/// The words to put before an absolute command so that it runs confined, with descriptors 0 to 3. With `tools` it
/// says ready on descriptor 3 when it is.
std::vector<std::string> sandbox_command(const Sandbox& sandbox, const Access& access);

/// Ends whatever is left of a job and empties work/. @throws std::runtime_error if something cannot be ended
void clean_up(const Sandbox& sandbox);

}  // namespace workbook::grading
