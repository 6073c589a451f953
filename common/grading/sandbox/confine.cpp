/// Gives up what a program must not have, then becomes that program.
///
///     confine [OPTION VALUE]... -- PROGRAM [ARGUMENT]...
///
/// Always: a session of its own, the end of the process when its parent ends, no new privileges, no descriptors but 0
/// to 2 and those kept, no environment but what is set here. Exit status 125 if any of it fails; then nothing was run.

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "common/grading/sandbox/landlock.h"
#include "common/grading/sandbox/processes.h"
#include "common/grading/sandbox/syscalls.h"

namespace {

using namespace workbook::grading;
constexpr int kNothingRun = 125;

struct Arguments {
  long uid = -1;
  std::map<__rlimit_resource, rlim_t> limits{{RLIMIT_CORE, 0}};
  long processes = -1;
  std::vector<int> kept{0, 1, 2};
  std::vector<std::string> environment, read, write;
  bool keep_environment = false, for_compiler = false;
  int ready = -1;
  std::string must_not_read;
  std::vector<char*> program;
};

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

Arguments parse(int argc, char** argv) {
  Arguments options;
  const auto limit = [&](__rlimit_resource resource) {
    return [&options, resource](const char* value) { options.limits[resource] = std::strtoull(value, nullptr, 10); };
  };
  const std::map<std::string, std::function<void(const char*)>> known{
      {"--uid", [&](const char* value) { options.uid = std::atol(value); }},
      {"--cpu-seconds", limit(RLIMIT_CPU)},
      {"--file-bytes", limit(RLIMIT_FSIZE)},
      {"--open-files", limit(RLIMIT_NOFILE)},
      {"--address-space", limit(RLIMIT_AS)},
      {"--processes", [&](const char* value) { options.processes = std::atol(value); }},
      {"--keep", [&](const char* value) { options.kept.push_back(std::atoi(value)); }},
      {"--env", [&](const char* value) { options.environment.emplace_back(value); }},
      {"--environment", [&](const char* value) { options.keep_environment = std::strcmp(value, "kept") == 0; }},
      {"--read", [&](const char* value) { options.read.emplace_back(value); }},
      {"--write", [&](const char* value) { options.write.emplace_back(value); }},
      {"--filter", [&](const char* value) { options.for_compiler = std::strcmp(value, "compiler") == 0; }},
      {"--ready", [&](const char* value) { options.ready = std::atoi(value); }},
      {"--must-not-read", [&](const char* value) { options.must_not_read = value; }},
  };
  int i = 1;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; i += 2) {
    const auto option = known.find(argv[i]);
    if (option == known.end() || i + 1 >= argc)
      throw std::invalid_argument(std::string("expected an option and its value, or --; found ") + argv[i]);
    option->second(argv[i + 1]);
  }
  if (i + 1 >= argc) throw std::invalid_argument("expected -- and a program");
  options.program.assign(argv + i + 1, argv + argc);
  options.program.push_back(nullptr);
  return options;
}

void set_limits(const Arguments& options) {
  auto limits = options.limits;
  // A user of its own has no other processes; anybody else has some already.
  if (options.processes >= 0)
    limits[RLIMIT_NPROC] = static_cast<rlim_t>(options.processes + (options.uid >= 0 ? 0 : threads_of(getuid())));
  for (const auto& [resource, most] : limits) {
    rlimit now{};
    getrlimit(resource, &now);
    const rlim_t lower = std::min(most, now.rlim_max);
    // A second more until the kill: the soft limit's signal may still be reported.
    const rlimit both{lower, resource == RLIMIT_CPU ? std::min(lower + 1, now.rlim_max) : lower};
    if (setrlimit(resource, &both) != 0) fail("cannot set a limit");
  }
}

void become(uid_t uid) {
  if (setgroups(0, nullptr) != 0) fail("cannot leave the supplementary groups");
  if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) fail("cannot become user " + std::to_string(uid));
  if (setuid(0) == 0) throw std::runtime_error("became root again");
}

void die_with(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("prctl");
  if (getppid() != parent) throw std::runtime_error("the parent is gone already");
}

/// Everything but the standard descriptors and those kept; they are few, and sorted here.
void close_descriptors(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  unsigned first = 0;
  for (const int fd : kept) {
    if (static_cast<unsigned>(fd) > first && syscall(SYS_close_range, first, fd - 1, 0) != 0) fail("close_range");
    first = static_cast<unsigned>(fd) + 1;
  }
  if (syscall(SYS_close_range, first, ~0U, 0) != 0) fail("close_range");
}

/// The reader of `ready` learns that nothing stood in the way of the program; if it cannot be run, why.
void run(const Arguments& options) {
  std::vector<char*> environment;
  for (const std::string& entry : options.environment) environment.push_back(const_cast<char*>(entry.c_str()));
  environment.push_back(nullptr);
  if (options.ready >= 0) {
    fcntl(options.ready, F_SETFD, FD_CLOEXEC);
    if (write(options.ready, "r", 1) != 1) fail("cannot say ready");
  }
  execve(options.program[0], options.program.data(), options.keep_environment ? environ : environment.data());
  const int error = errno;
  if (options.ready >= 0) [[maybe_unused]]
    const auto written = write(options.ready, "!", 1);
  errno = error;
  fail(std::string("cannot run ") + options.program[0]);
}

/// For whoever asks whether this sandbox holds, instead of a program: a file that all may read must be out of reach.
void probe(const std::string& file) {
  if (open(file.c_str(), O_RDONLY | O_CLOEXEC) >= 0) throw std::runtime_error("can still read " + file);
  if (getuid() == 0) throw std::runtime_error("is still root");
}

void confine(const Arguments& options, pid_t parent) {
  if (setsid() < 0 && getpgrp() != getpid()) fail("cannot start a session");
  set_limits(options);
  if (options.uid >= 0) become(static_cast<uid_t>(options.uid));
  die_with(parent);
  umask(022);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("prctl");
  close_descriptors(options.kept);
  if (!options.read.empty() || !options.write.empty()) confine_to_files(options.read, options.write);
  if (options.for_compiler) forbid_what_no_compiler_needs();
  if (options.must_not_read.empty()) return run(options);
  probe(options.must_not_read);
  std::exit(0);
}

}  // namespace

int main(int argc, char** argv) try {
  const pid_t parent = getppid();
  Arguments options = parse(argc, argv);
  if (options.ready >= 0) options.kept.push_back(options.ready);
  confine(options, parent);
  return kNothingRun;
} catch (const std::exception& e) {
  std::fprintf(stderr, "confine: %s\n", e.what());
  return kNothingRun;
}
