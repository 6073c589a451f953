/// Implementations that misbehave, each with the verdict and the words it must get.

#include <sys/syscall.h>

#include "busy_machine.h"
#include "common/checker/catch.h"
#include "common/checker/matchers.h"
#include "common/checker/remote_call.h"
#include "common/worker/threads.h"
#include "victim.h"

using namespace workbook;

namespace {

struct Judged {
  Verdict verdict = Verdict::passed;
  std::string text;
  std::string output;
  Evidence evidence;
};

/// What a test case with one matcher makes of the victim.
Judged judge(const std::string& victim, Limits limits = {}, bool on_gpu = false, Timeouts* timeouts = nullptr) {
  RunOptions options{VICTIMS_FOLDER "/" + victim + ".so", WORKER_PATH};
  options.limits = limits;
  if (on_gpu) options = for_gpu(options);
  set_session(std::make_unique<Session>(options, typeid(decltype(victim::contract) const).name(), 1, timeouts));
  const Tensor x({3, 2}, 2.f);
  try {
    if (!matches(Tensor({3, 2}, 4.f), exact()).match(remote_call<victim::twice, const Tensor&>(session(), 0, 1, x)))
      session().note(Verdict::wrong, session().take_explanation()->text());
  } catch (const Stopped&) {
    // Noted by the session.
  } catch (const std::exception&) {
    session().note(Verdict::wrong, session().take_explanation()->text());
  }
  Judged judged;
  for (const Note& note : session().notes()) {
    judged.verdict = worse(judged.verdict, note.verdict);
    judged.text += note.text + "\n";
  }
  judged.output = session().output(std::size_t{64} << 20);
  judged.evidence = session().last_call().counts();
  set_session(nullptr);
  return judged;
}

struct Expected {
  const char* victim;
  Verdict verdict;
  const char* text;
};

}  // namespace

TEST_CASE("each victim gets its verdict and is told why", "[victims]") {
  const auto [victim, verdict, text] = GENERATE(
      Expected{"not_started", Verdict::not_started, "twice is not written yet"},
      Expected{"segfault", Verdict::crashed, "segmentation fault (no such memory) at segfault.cpp:7"},
      Expected{"stack_overflow", Verdict::crashed, "stack overflow (8 MiB) at stack_overflow.cpp:"},
      Expected{"divides_by_zero", Verdict::crashed, "integer division by zero at divides_by_zero.cpp:7"},
      Expected{"aborts", Verdict::crashed, "Aborted at aborts.cpp:7"},
      Expected{"past_a_span", Verdict::crashed,
               "past_a_span.cpp:8: the assertion '__idx < size()' failed; an index is out of range"},
      Expected{"double_free", Verdict::crashed, "Aborted at double_free.cpp:11"},
      Expected{"throws_in_thread", Verdict::crashed, "Aborted"},
      Expected{"asks_for_100_gb", Verdict::out_of_memory, "asked for 107 374 182 400 bytes at asks_for_100_gb.cpp:6"},
      Expected{"hoards", Verdict::out_of_memory, "the limit for everything is 2 147 483 648 bytes"},
      Expected{"throws", Verdict::wrong,
               "twice([3, 2])\nthrew std::runtime_error: rows do not match\nthrown at throws.cpp:5"},
      Expected{"throws_an_int", Verdict::wrong,
               "threw something that is no std::exception\nthrown at throws_an_int.cpp:5"},
      Expected{"wrong_shape", Verdict::wrong, "expected shape [3, 2], got [2, 3]"},
      Expected{"gives_nan", Verdict::wrong, "expected 4, got nan"},
      Expected{"modifies_its_input", Verdict::wrong, "changes its argument 1"},
      Expected{"leaves_a_thread", Verdict::wrong, "returns with 1 of its threads still running"},
      Expected{"exits", Verdict::crashed, "ended with exit status 3 (a call of exit()?) during the call"},
      Expected{"exits_while_loading", Verdict::crashed, "exit status 0 (a call of exit()?) while it was loaded"},
      Expected{"closes_everything", Verdict::crashed, "closed its connection during the call"},
      Expected{"writes_nonsense_replies", Verdict::crashed, "sent something that is no reply"},
      Expected{"static_scratch", Verdict::passed, ""});
  const Judged judged = judge(victim);
  INFO(victim << ": " << judged.text);
  CHECK(name(judged.verdict) == name(verdict));
  CHECK(judged.text.find(text) != std::string::npos);
}

TEST_CASE("on a GPU the driver is not the implementation's doing", "[victims]") {
  const auto [victim, elsewhere, on_gpu, text] = GENERATE(table<const char*, Verdict, Verdict, const char*>(
      {{"reserves_addresses", Verdict::out_of_memory, Verdict::passed, ""},
       {"leaves_a_thread", Verdict::wrong, Verdict::passed, ""},
       {"compiled_for_another_gpu", Verdict::wrong, Verdict::not_verifiable_here,
        "compile it for this one's compute capability"},
       {"throws", Verdict::wrong, Verdict::wrong, "rows do not match"}}));
  CHECK(name(judge(victim).verdict) == name(elsewhere));
  const Judged judged = judge(victim, {}, true);
  INFO(victim << ": " << judged.text);
  CHECK(name(judged.verdict) == name(on_gpu));
  CHECK(judged.text.find(text) != std::string::npos);
}

TEST_CASE("an endless loop ends with the line it was at", "[victims]") {
  const Judged judged = judge("loops", {.cpu_seconds = 0.2});
  CHECK(judged.verdict == Verdict::timed_out);
  CHECK(judged.text.find("It was at loops.cpp:") != std::string::npos);
}

TEST_CASE("sleeping is no way around the time limit", "[victims]") {
  const Judged judged = judge("sleeps", {.idle_seconds = 0.2});
  CHECK(judged.verdict == Verdict::timed_out);
  CHECK(judged.text.find("waiting for something? It was at sleeps.cpp:") != std::string::npos);
}

TEST_CASE("what is freed goes back to the kernel, unless time is measured", "[victims]") {
  CHECK(judge("needs_the_same_8_mib_again").text.find("waited for new pages") != std::string::npos);
  CHECK(judge("needs_the_same_8_mib_again", {.keep_pages = true}).text == "");
}

TEST_CASE("what was printed before a crash can be read", "[victims]") {
  const Judged judged = judge("prints_then_crashes");
  CHECK(judged.verdict == Verdict::crashed);
  CHECK(judged.output == "row 1\nrow 2\n");
}

TEST_CASE("on a busy machine every verdict is what it is at rest", "[victims]") {
  const BusyMachine busy(4);
  const auto [victim, limits, verdict] = GENERATE(table<const char*, Limits, Verdict>(
      {{"computes_for_half_a_second", {.cpu_seconds = 5, .idle_seconds = 0.2}, Verdict::passed},
       {"computes_for_half_a_second", {.cpu_seconds = 0.2, .idle_seconds = 60}, Verdict::timed_out},
       {"sleeps", {.cpu_seconds = 60, .idle_seconds = 0.5}, Verdict::timed_out},
       {"leaves_a_thread", {}, Verdict::wrong},
       {"segfault", {}, Verdict::crashed}}));
  const Judged judged = judge(victim, limits);
  INFO(victim << ": " << judged.text);
  CHECK(name(judged.verdict) == name(verdict));
}

TEST_CASE("when all the time of a lesson is spent, nothing more is tried", "[victims]") {
  Timeouts timeouts;
  CHECK(judge("computes_for_half_a_second", {}, false, &timeouts).verdict == Verdict::passed);
  timeouts.spend(Timeouts::kCpuSeconds - 0.8, 0);
  CHECK_FALSE(timeouts.all_spent());
  CHECK(judge("computes_for_half_a_second", {}, false, &timeouts).verdict == Verdict::passed);
  CHECK(timeouts.all_spent());
  const Judged judged = judge("static_scratch", {}, false, &timeouts);
  CHECK(judged.verdict == Verdict::timed_out);
  CHECK(judged.text.find("took all the time that a lesson has: 100 s of computing or 60 s of waiting") !=
        std::string::npos);

  Timeouts of_sleep;
  of_sleep.spend(0, Timeouts::kIdleSeconds - 0.1);
  CHECK(judge("sleeps", {.idle_seconds = 0.2}, false, &of_sleep).verdict == Verdict::timed_out);
  CHECK(of_sleep.all_spent());
}

TEST_CASE("a thread that is ending is not counted among those that run", "[victims]") {
  const pid_t process = fork();
  if (process == 0) {
    std::thread([] { pause(); }).detach();
    syscall(SYS_exit, 0);  // of this thread alone: it stays listed, and dead, as long as the other one runs
  }
  const auto threads = [&] { return threads_of(process).value(); };
  while (threads().others == 0) sched_yield();
  for (int i = 0; i < 1'000'000 && (threads().first || threads().runnable); ++i) sched_yield();
  CHECK_FALSE(threads().first);
  CHECK(threads().others == 1);
  CHECK_FALSE(threads().runnable);
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
  CHECK_FALSE(threads_of(process));
}

TEST_CASE("what timed out in two tests is not called in a third", "[victims]") {
  const auto [victim, function] =
      GENERATE(table<const char*, std::string>({{"sleeps", "twice"}, {"loops_while_loading", "loading it"}}));
  Timeouts timeouts;
  const Limits limits{.cpu_seconds = 0.2, .idle_seconds = 0.1};
  for (int test = 0; test < 2; ++test) {
    CHECK_FALSE(timeouts.given_up(function));
    const Judged judged = judge(victim, limits, false, &timeouts);
    CHECK(judged.verdict == Verdict::timed_out);
    CHECK(judged.text.find("no answer") != std::string::npos);
  }
  CHECK(timeouts.given_up(function));
  const Judged third = judge(victim, limits, false, &timeouts);
  CHECK(third.verdict == Verdict::timed_out);
  CHECK(third.text.find(function + " timed out in two tests before this one, so it was not tried again") !=
        std::string::npos);
}

TEST_CASE("what timed out in one process is known to those that begin later", "[victims]") {
  Timeouts all, before = all, one = all, other = all;
  one.add("twice");
  one.spend(3, 1);
  other.add("twice");
  other.add("total");
  all.merge(one.since(before));
  CHECK_FALSE(all.given_up("twice"));
  before = all;
  Timeouts later = all;
  later.spend(1, 0);
  all.merge(other.since(Timeouts()));
  all.merge(later.since(before));
  CHECK(all.given_up("twice"));
  CHECK_FALSE(all.given_up("total"));
  CHECK(all.cpu_seconds() == 4);
  CHECK(all.idle_seconds() == 1);
}

TEST_CASE("a function that has used up its time once has a second from then on", "[victims]") {
  Timeouts timeouts;
  CHECK_THAT(judge("loops", {.cpu_seconds = 1.5}, false, &timeouts).text, contains_text("no answer after 1.5 s of"));
  CHECK_THAT(judge("loops", {.cpu_seconds = 1.5}, false, &timeouts).text, contains_text("no answer after 1 s of"));
}

TEST_CASE("a worker that stops is late, in a call or before it", "[victims]") {
  CHECK(judge("stops_itself", {.idle_seconds = 0.2}).verdict == Verdict::timed_out);

  RunOptions options{VICTIMS_FOLDER "/stops_between_calls.so", WORKER_PATH};
  options.limits.idle_seconds = 0.3;
  Session session(options, typeid(decltype(victim::contract) const).name(), 1);
  const Tensor x({1 << 20});  // more than a socket holds
  const auto call = [&] { return remote_call<victim::twice, const Tensor&>(session, 0, 1, x); };
  CHECK_THROWS_AS(
      [&] {
        for (;;) call();
      }(),
      Stopped);
  CHECK(session.notes().back().verdict == Verdict::timed_out);
}

TEST_CASE("the kernel's limit backs the meter's", "[victims]") {
  const Judged judged = judge("maps_around_the_meter", {.memory = std::uint64_t{128} << 20});
  CHECK(judged.verdict == Verdict::wrong);
  CHECK(judged.text.find("the kernel refused") != std::string::npos);
}

TEST_CASE("output is bounded", "[victims]") {
  const Judged judged = judge("prints_megabytes");
  CHECK(judged.verdict == Verdict::passed);
  CHECK(judged.output.starts_with("line 0 of far too many of them\n"));
  CHECK(judged.output.size() <= (std::size_t{16} << 20));
}

TEST_CASE("output that is cut says where, and output that just fits does not", "[victims]") {
  const auto printed = [](std::size_t most) {
    RunOptions options{VICTIMS_FOLDER "/prints_megabytes.so", WORKER_PATH};
    Session session(options, typeid(decltype(victim::contract) const).name(), 1);
    remote_call<victim::twice, const Tensor&>(session, 0, 1, Tensor({3, 2}, 2.f));
    return session.output(most);
  };
  const std::string all = printed(std::size_t{64} << 20), cut = printed(4096);
  CHECK(cut == all.substr(0, 4096) + "\n... (cut here; more was printed)\n");
  CHECK(printed(all.size()) == all);
}

TEST_CASE("static and thread-local scratch is workspace", "[victims]") {
  const Judged judged = judge("static_scratch");
  CHECK(judged.evidence.static_data >= 4 * ((1 << 16) + (1 << 14)));
  CHECK(judged.evidence.static_data < 4 * ((1 << 16) + (1 << 14)) + 1024);
  CHECK(judged.evidence.workspace() >= judged.evidence.static_data);
}

TEST_CASE("scratch that is allocated while loading is workspace, and loading itself is none", "[victims]") {
  constexpr std::uint64_t kScratch = 4 << 16, kNotesOfTheLoader = 16 << 10;
  const std::uint64_t held = judge("loads_scratch").evidence.static_data;
  CHECK(held >= kScratch - kNotesOfTheLoader);
  CHECK(held < kScratch + 1024);
  CHECK(judge("gives_nan").evidence.static_data < 1024);
}

TEST_CASE("after a fatal verdict later calls fail at once", "[victims]") {
  RunOptions options{VICTIMS_FOLDER "/segfault.so", WORKER_PATH};
  Session session(options, typeid(decltype(victim::contract) const).name(), 1);
  const Tensor x({1, 1});
  const auto call = [&] { return remote_call<victim::twice, const Tensor&>(session, 0, 1, x); };
  CHECK_THROWS_AS(call(), Stopped);
  CHECK_THROWS_AS(call(), Stopped);
  CHECK(session.notes().size() == 1);
}
