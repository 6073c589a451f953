/// Runs the hostile corpus in every tier that this machine has.
///
///     hostile_test WORKBOOK BUILD [TIER [ATTACK]]
///
/// Exit status 0 if every attack got its verdict, and
/// none scored, leaked, disturbed another job, or left anything behind.

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <thread>
#include <tuple>

#include <fmt/core.h>

#include "common/grading/judging/compile.h"
#include "common/grading/sandbox/processes.h"
#include "hostile_corpus.h"

using namespace workbook;
using namespace workbook::grading;

namespace {

constexpr uid_t kOrdinary = 61150;
constexpr CompileLimits kCompileLimits{.cpu_seconds = 4, .wall_seconds = 60, .address_space = 1L << 30};
constexpr std::uint64_t kSeed = 20'240'607;

struct Corpus {
  LessonBuild lesson;
  std::vector<Attack> attacks;
  fs::path confine, plugins;  ///< plugins: where the attacks that compile are, once they are compiled
};

/// One tier, tried with every attack.
class Round {
 public:
  Round(const Corpus& corpus, Tier tier)
      : corpus_(corpus),
        options_{.tier = tier, .allow_weak = true, .confine = corpus.confine},
        sandbox_(strongest_sandbox(0, options_)),
        beside_(strongest_sandbox(1, options_)),
        fenced_(corpus.lesson),
        before_(files_below(corpus.lesson.stage->folder())),
        threads_before_(threads_of(getuid())) {
    fenced_.fence = Fence::refuses;
  }

  /// @returns how many attacks did not end as they must
  int run(const std::string& only) {
    int failures = 0;
    for (const Attack& attack : corpus_.attacks) {
      if (!only.empty() && attack.name != only) continue;
      Outcome outcome = attack.compiles() ? judge(attack) : compile(attack);
      inspect(attack, outcome);
      const bool as_expected = attack.may_get(outcome.verdict) && outcome.complaints.empty();
      failures += !as_expected;
      fmt::print("{} {:<13} {:<32} {}\n", as_expected ? "ok  " : "FAIL", name(sandbox_.tier), attack.name,
                 outcome.verdict);
      if (!attack.may_get(outcome.verdict)) fmt::print("       expected {}\n", attack.must_get);
      for (const std::string& complaint : outcome.complaints) fmt::print("       {}\n", complaint);
      std::fflush(stdout);
    }
    return failures + !faults_are_no_verdicts() + !ended_checkers_are_told_apart();
  }

 private:
  /// What the grader itself lacks is never a student's doing: a compiler that is gone, a worker that is gone.
  bool faults_are_no_verdicts() {
    LessonBuild broken = corpus_.lesson;
    broken.steps.front().argv.front() = "/nothing/g++";
    const Attack& honest = *std::ranges::find(corpus_.attacks, "is_honest", &Attack::name);
    const fs::path out = outputs_.path() / "plugin/p.so", worker = broken.stage->bin() / "worker.graded";
    bool ok = compile_submission(sandbox_, broken, honest.file, out).fault.has_value();
    if (std::error_code refused; fs::rename(worker, worker.string() + ".away", refused), !refused) {
      ok = run_tests(sandbox_, honest, outputs_.path() / "report.json").fault.has_value() && ok;
      fs::rename(worker.string() + ".away", worker);
    }
    fmt::print("{} {:<13} a grader's fault is no verdict\n", ok ? "ok  " : "FAIL", name(sandbox_.tier));
    return ok;
  }

  /// A checker that a submission's answers could end is no fault; one that was ended from outside is.
  bool ended_checkers_are_told_apart() {
    LessonBuild ending = corpus_.lesson;
    ending.checker = outputs_.path() / "checker";
    const auto ended_by = [&](const std::string& signal) {
      std::ofstream(ending.checker) << "#!/bin/sh\nkill -" << signal << " $$\n";
      fs::permissions(ending.checker, fs::perms::owner_all);
      return run_checker(sandbox_, ending, corpus_.plugins / "is_honest.so", kSeed, outputs_.path() / "report.json");
    };
    const CheckerResult aborted = ended_by("ABRT"), killed = ended_by("KILL");
    const bool ok = aborted.cut_short && !aborted.fault && killed.fault && !killed.cut_short;
    fmt::print("{} {:<13} what ended a checker is told apart\n", ok ? "ok  " : "FAIL", name(sandbox_.tier));
    return ok;
  }

  Outcome compile(const Attack& attack) {
    const Compiled compiled =
        compile_submission(sandbox_, fenced_, attack.file, outputs_.path() / "plugin/p.so", kCompileLimits);
    Outcome outcome{.verdict = compiled.ok ? "compiled" : "does_not_compile"};
    if (compiled.fault) outcome.verdict = "fault: " + *compiled.fault;
    if (compiled.refused.find(attack.fence_says) == compiled.refused.npos)
      outcome.complaints.push_back("the fence says " + compiled.refused);
    if (compiled.output.size() > (17 << 10)) outcome.complaints.push_back("the compiler's output is too long");
    if (compiled.output.starts_with("expected a definition") &&
        compiled.output.find("ld returned") == std::string::npos)
      outcome.complaints.push_back("the compiler's own message is gone");
    for (const char* secret : {"root:", "/tmp/workbook-scratch", "session.h:1:"})
      if (compiled.output.find(secret) != std::string::npos)
        outcome.complaints.push_back("the compiler's output shows " + std::string(secret));
    return outcome;
  }

  CheckerResult run_tests(const Sandbox& where, const Attack& attack, const fs::path& report) const {
    const bool late = attack.must_get == "timed_out";  // then how early does not matter
    return run_checker(where, corpus_.lesson, corpus_.plugins / (attack.name + ".so"), kSeed, report,
                       {.cpu_seconds = late ? 0.5 : 5, .idle_seconds = late ? 1.0 : 60});
  }

  Outcome judge(const Attack& attack) {
    std::atomic<bool> over = false;
    std::thread honest;
    std::string disturbed;
    if (attack.beside_another_job) honest = std::thread([&] { disturbed = run_beside(over); });
    const fs::path report = outputs_.path() / "report.json";
    const CheckerResult result = run_tests(sandbox_, attack, report);
    over = true;
    if (honest.joinable()) honest.join();
    Outcome outcome = read_report(report);
    if (result.cut_short) outcome.verdict = name(result.cut_short->verdict);
    if (result.fault) outcome.verdict = "fault: " + *result.fault;
    if (outcome.points > 0 && attack.must_get != "passed") outcome.complaints.push_back("it scored");
    if (!disturbed.empty()) outcome.complaints.push_back("another job was disturbed: " + disturbed);
    fs::remove(report);
    return outcome;
  }

  /// The honest job, again and again until the attack is over. @returns what disturbed it
  std::string run_beside(const std::atomic<bool>& over) {
    const auto honest = std::ranges::find(corpus_.attacks, "is_honest", &Attack::name);
    const fs::path report = outputs_.path() / "beside.json";
    do {
      const CheckerResult result = run_tests(beside_, *honest, report);
      if (result.fault) return *result.fault;
      if (const Outcome outcome = read_report(report); outcome.verdict != "passed") return outcome.verdict;
    } while (!over);
    return {};
  }

  void inspect(const Attack& attack, Outcome& outcome) const {
    const long left = sandbox_.own_user ? threads_of(sandbox_.uid) : threads_of(getuid()) - threads_before_;
    if (left != 0) outcome.complaints.push_back(fmt::format("{} threads are left running", left));
    for (const char* folder : {"/tmp", "/dev/shm", "/var/tmp", "/"})
      if (fs::exists(fs::path(folder) / "workbook-hostile-canary"))
        outcome.complaints.push_back(fmt::format("it left a file in {}", folder));
    for (const char* folder : {"work", "plugin", "source"})
      if (attack.compiles() && !fs::is_empty(sandbox_.box / folder))
        outcome.complaints.push_back(fmt::format("{} is not empty", folder));
    if (files_below(corpus_.lesson.stage->folder()) != before_) outcome.complaints.push_back("the stage was changed");
  }

  const Corpus& corpus_;
  const SandboxOptions options_;
  const Sandbox sandbox_, beside_;
  LessonBuild fenced_;
  const system::ScratchFolder outputs_;
  const std::map<std::string, std::string> before_;
  const long threads_before_;
};

/// Those that compile, once for all tiers. @returns how many do not
int compile_all(const Corpus& corpus, const std::string& only) {
  const Sandbox sandbox = strongest_sandbox(0, {.allow_weak = true, .confine = corpus.confine});
  int failures = 0;
  for (const Attack& attack : corpus.attacks) {
    const bool wanted = only.empty() || attack.name == only || attack.name == "is_honest";
    if (!attack.compiles() || !wanted) continue;
    const Compiled compiled =
        compile_submission(sandbox, corpus.lesson, attack.file, corpus.plugins / (attack.name + ".so"));
    const bool fenced = attack.fence_says.empty() ? compiled.refused.empty()
                                                  : compiled.refused.find(attack.fence_says) != compiled.refused.npos;
    if (compiled.ok && compiled.output.size() < (17 << 10) && fenced) continue;
    ++failures;
    fmt::print("FAIL {} should compile, and tell little; the fence should say: {}\n{}\n{}\n{}\n", attack.name,
               attack.fence_says, compiled.refused, compiled.output, compiled.fault.value_or(""));
  }
  return failures;
}

/// What students wrote is nothing for other users of the machine, and no lock stays where they could hold it.
/// @returns how much of that does not hold
int places_are_private(const Corpus& corpus) {
  const fs::path locks = "/run/workbook";
  fs::path lock;
  int failures = 0;
  const auto must = [&](bool holds, const std::string& what) {
    fmt::print("{} {}\n", holds ? "ok  " : "FAIL", what);
    failures += !holds;
  };
  const auto others = [](const fs::path& path) { return fs::status(path).permissions() & fs::perms::others_all; };
  {
    const Sandbox sandbox = strongest_sandbox(0, {.allow_weak = true, .confine = corpus.confine});
    must(others(sandbox.box) == fs::perms::none, "other users cannot enter a sandbox's folder");
    if (!sandbox.own_user) return failures;
    lock = locks / fmt::format("user-{}.lock", sandbox.uid);
    must(fs::exists(lock) && others(locks) == fs::perms::none, "locks of users are where root alone can make files");
  }
  const system::FileDescriptor left(open(lock.c_str(), O_RDWR | O_CLOEXEC));
  struct stat status {};
  must(left.get() < 0 || flock(left.get(), LOCK_EX | LOCK_NB) != 0 || fstat(left.get(), &status) != 0 ||
           status.st_nlink == 0,
       "a lock that nobody holds is gone");
  return failures;
}

/// In a process of its own, which may become an ordinary user.
int run_apart(const Corpus& corpus, Tier tier, uid_t user, const std::string& only) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    int failures = 1;
    try {
      if (user != getuid() &&
          (setgroups(0, nullptr) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0))
        throw system::Error("cannot become an ordinary user");
      failures = Round(corpus, tier).run(only);
    } catch (const std::exception& error) {
      fmt::print("FAIL {}: {}\n", name(tier), error.what());
    }
    std::fflush(stdout);
    _exit(std::min(failures, 100));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/// Whether that tier can be had at all; says why not.
bool available(Tier tier, uid_t user, const fs::path& confine) {
  if (tier == Tier::weak || user != getuid()) return true;
  try {
    strongest_sandbox(0, {.tier = tier, .confine = confine});
    return true;
  } catch (const system::Error& error) {
    fmt::print("{} is not tried: {}\n", name(tier), error.what());
    return false;
  }
}

int run_rounds(const Corpus& corpus, const std::string& wanted, const std::string& only) {
  const bool root = getuid() == 0;
  std::vector<std::pair<Tier, uid_t>> rounds{{Tier::namespaces, getuid()}};
  if (root) rounds.emplace_back(Tier::separate_uid, getuid());
  rounds.emplace_back(Tier::weak, root ? kOrdinary : getuid());
  int failures = 0, tried = 0;
  for (const auto& [tier, user] : rounds) {
    if ((!wanted.empty() && name(tier) != wanted) || !available(tier, user, corpus.confine)) continue;
    ++tried;
    failures += run_apart(corpus, tier, user, only);
  }
  fmt::print("{} attacks in {} tiers: {} failures\n", corpus.attacks.size() - 1, tried, failures);
  return tried > 0 ? failures : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw system::Error("usage: hostile_test WORKBOOK BUILD [TIER [ATTACK]]");
  const fs::path root = argv[1], build = argv[2], tests = root / "common/grading/tests";
  const std::string tier = argc > 3 ? argv[3] : "", only = argc > 4 ? argv[4] : "";
  const auto stage = std::make_shared<Stage>(workspace::Workspace{root, build, root / ".workbook"});
  int failures = 0;
  for (const auto& [id, stub, attacks] : {std::tuple{"target", "target/target.cpp", "hostile"},
                                          std::tuple{"cuda_target", "target/cuda_target.cu", "hostile_cuda"}}) {
    const system::ScratchFolder plugins;
    fs::permissions(plugins.path(), fs::perms(0755));  // for the ordinary user of the weak tier
    Corpus corpus{prepare_contract(stage, id, tests / stub), read_corpus(tests / attacks), build / "bin/confine",
                  plugins.path()};
    corpus.lesson.fence = Fence::tells;
    failures += places_are_private(corpus) + compile_all(corpus, only) + run_rounds(corpus, tier, only);
  }
  return failures == 0 ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "hostile_test: {}\n", error.what());
  return 2;
}
