// How programs are started.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/checker/catch.h"
#include "common/system/bounded_run.h"
#include "common/system/errors.h"
#include "common/system/launch.h"
#include "common/system/process.h"

using namespace workbook::system;

namespace {

std::string output_of(const Argv& argv, const std::vector<std::pair<std::string, std::string>>& env = {}) {
  return run({.argv = argv, .folder = "/", .env = env, .capture = true}).output;
}

std::string refusal(const Launch& wish) {
  try {
    launch(wish);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a program runs in its folder, with its variables set on top of ours") {
  CHECK(output_of({"pwd"}) == "/\n");
  CHECK(output_of({"sh", "-c", "echo $ONE; test -n \"$PATH\" && echo $TWO"}, {{"ONE", "1"}, {"TWO", "a b"}}) ==
        "1\na b\n");
}

TEST_CASE("what cannot be started is refused with a reason, and leaves no process") {
  CHECK(refusal({.argv = {"no-such-program"}}) == "cannot run no-such-program: is it installed, and may it be run?");
  CHECK(refusal({.argv = {"true"}, .folder = "/dev/null"}) == "cannot run true in /dev/null: Not a directory");
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a program starts with signals as they are by default, in a group of its own if that is asked for") {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const std::string mask = run_bounded({.argv = {"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}}).output;
  ::signal(SIGPIPE, before);
  CHECK(mask == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  const pid_t leader = launch({.argv = {"sleep", "100"}, .own_group = true});
  CHECK(::getpgid(leader) == leader);
  ::kill(-leader, SIGKILL);
  CHECK(::waitpid(leader, nullptr, 0) == leader);
}
