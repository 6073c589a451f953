#include <signal.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "common/checker/catch.h"
#include "common/grading/gradebook/changes.h"
#include "common/grading/judging/schedule.h"
#include "common/system/errors.h"

using namespace workbook;
using namespace workbook::grading;

namespace {

/// A folder of results that is gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "grading.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path out() const { return path_ / "out"; }

 private:
  fs::path path_;
};

/// Ada's two lessons with these verdicts.
Gradebook book_of(Verdict first, Verdict second) {
  Gradebook book;
  book.lessons = {{"01_one", "One", {{"01_one/a", "a", "basic", "f", 2}}, {}},
                  {"02_two", "Two", {{"02_two/b", "b", "basic", "g", 3}}, {}}};
  book.submissions.push_back({.student = "ada"});
  book.results.graded[{"ada", "01_one"}] = {"01_one", true, "", {{"01_one/a", first, "", ""}}};
  book.results.graded[{"ada", "02_two"}] = {"02_two", true, "", {{"02_two/b", second, "", ""}}};
  apply_policy(book);
  return book;
}

Origins origins(const std::string& tests, const std::string& source = "s") {
  return {{{"ada", "01_one"}, {"key 1" + tests, source}}, {{"ada", "02_two"}, {"key 2", "s"}}};
}

/// What a run that ends well lists.
std::vector<Change> run(Store& store, const Gradebook& book, const Origins& from) {
  const ChangeLog log(store, book, from);
  log.keep(store);
  return log.changes();
}

}  // namespace

TEST_CASE("after a corrected test, old and new points are listed") {
  const Folder folder;
  Store store(folder.out());
  CHECK(run(store, book_of(Verdict::wrong, Verdict::passed), origins("old")).empty());
  const auto changes = run(store, book_of(Verdict::passed, Verdict::passed), origins("new"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].lesson == "01_one");
  CHECK(changes[0].before == 0);
  CHECK(changes[0].after == 200);
  CHECK(changes[0].because == "the tests or the compiler changed");
  CHECK(changes[0].tests == "a: wrong -> passed");
  CHECK(changes[1].lesson == kTotal);
  CHECK(changes[1].before == 300);
  CHECK(changes[1].after == 500);
  CHECK(changes[1].because == "the tests or the compiler changed");
}

TEST_CASE("a run once more lists the same changes, until another result changes") {
  const Folder folder;
  Store store(folder.out());
  run(store, book_of(Verdict::wrong, Verdict::passed), origins("old"));
  run(store, book_of(Verdict::passed, Verdict::passed), origins("new"));
  CHECK(run(store, book_of(Verdict::passed, Verdict::passed), origins("new")).size() == 2);
  const auto next = run(store, book_of(Verdict::crashed, Verdict::passed), origins("new", "t"));
  REQUIRE(next.size() == 2);
  CHECK(next[0].because == "new submission");
  CHECK(next[0].before == 200);
}

TEST_CASE("what students get is compared, not the tests' own points") {
  const Folder folder;
  Store store(folder.out());
  Gradebook book = book_of(Verdict::passed, Verdict::wrong);
  book.lessons[0].tests.push_back({"01_one/c", "c", "hidden", "f", 1});
  book.results.graded.at({"ada", "01_one"}).tests.push_back({"01_one/c", Verdict::wrong, "", ""});
  book.policy.lessons["01_one"].points = 900;
  apply_policy(book);
  run(store, book, origins("old"));
  book.lessons[0].tests[1].points = 2;  // Ada has her two points still: of four, no longer of three
  apply_policy(book);
  auto changes = run(store, book, origins("new"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].before == 600);
  CHECK(changes[0].after == 450);
  book.lessons[0].tests[0].points = 6;  // as much of the whole as before
  book.lessons[0].tests[1].points = 6;
  apply_policy(book);
  CHECK(run(store, book, origins("newer")).empty());
}

TEST_CASE("a policy that moves grades is named") {
  const Folder folder;
  Store store(folder.out());
  Gradebook book = book_of(Verdict::passed, Verdict::passed);
  run(store, book, origins("old"));
  book.policy.lessons["01_one"].points = 1000;
  apply_policy(book);
  const auto changes = run(store, book, origins("old"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].because == "the policy changed");
  CHECK(changes[1].after == 1300);
  CHECK(changes[1].because == "the policy changed");
}

TEST_CASE("a lesson that is no longer handed in, and a student who is no longer there, are listed") {
  const Folder folder;
  Store store(folder.out());
  Gradebook book = book_of(Verdict::passed, Verdict::passed);
  run(store, book, origins("old"));
  book.results.graded.erase({"ada", "02_two"});
  apply_policy(book);
  auto changes = run(store, book, origins("old"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].because == "no longer handed in");
  book.submissions[0].student = "bob";
  book.results.graded.clear();
  apply_policy(book);
  for (int time = 0; time < 2; ++time) {
    changes = run(store, book, {});
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].student == "ada");
    CHECK(changes[0].gone());
    CHECK(changes[0].before == 200);
    CHECK(changes[0].because == "no longer there");
  }
}

TEST_CASE("a run that was killed before its end changes nothing about what it is compared with") {
  const Folder folder;
  Store store(folder.out());
  run(store, book_of(Verdict::wrong, Verdict::passed), origins("old"));
  const Gradebook after = book_of(Verdict::passed, Verdict::passed);
  CHECK(ChangeLog(store, after, origins("new")).changes().size() == 2);  // and not kept
  CHECK(run(store, after, origins("new")).size() == 2);
}

TEST_CASE("a lesson that cannot be graded now keeps what was known of it") {
  const Folder folder;
  Store store(folder.out());
  run(store, book_of(Verdict::wrong, Verdict::passed), origins("old"));
  Gradebook fault = book_of(Verdict::wrong, Verdict::passed);
  fault.results.graded.erase({"ada", "01_one"});
  fault.results.faults[{"ada", "01_one"}] = "no sandbox";
  apply_policy(fault);
  CHECK(run(store, fault, origins("new")).empty());
  CHECK(run(store, book_of(Verdict::passed, Verdict::passed), origins("new")).size() == 2);
}

TEST_CASE("what is refused now is no zero: what was known of it is kept") {
  const Folder folder;
  Store store(folder.out());
  run(store, book_of(Verdict::passed, Verdict::passed), origins("old"));
  Gradebook refused = book_of(Verdict::passed, Verdict::passed);
  refused.results.graded.erase({"ada", "01_one"});
  refused.submissions[0].refused_files["01_one"] = "expected at most 1 MiB";
  apply_policy(refused);
  CHECK(run(store, refused, origins("old", "t")).empty());
  const auto changes = run(store, book_of(Verdict::wrong, Verdict::passed), origins("old", "t"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].before == 200);
  CHECK(changes[1].before == 500);
}

TEST_CASE("a store keeps its seed and its results, and spoilt ones are as good as none") {
  const Folder folder;
  std::string of_a;
  {
    Store store(folder.out());
    of_a = store.secret_hash("a");
    CHECK(store.secret_hash("b") != of_a);
    CHECK(Store(Folder().out()).secret_hash("a") != of_a);
    CHECK_FALSE(store.find("k"));
    store.keep("k", {"01_one", true, "", {{"01_one/a", Verdict::passed, "m", "o"}}}, {1, 2});
    REQUIRE(store.find("k"));
    CHECK(store.timing("k")->total() == 3);
    CHECK(fs::is_empty(store.scratch()));
  }
  Store again(folder.out());
  CHECK(again.secret_hash("a") == of_a);
  CHECK(again.find("k")->tests.at(0).message == "m");
  system::write_atomically(folder.out() / "cache/results/k.json", "{\"lesson\": ");
  CHECK_FALSE(again.find("k"));
}

TEST_CASE("a store refuses a folder of something else") {
  const Folder folder;
  system::write_atomically(folder.out() / "thesis.tex", "x");
  CHECK_THROWS_AS(Store(folder.out()), system::Error);
}

TEST_CASE("every piece is done once, a fault once more, and what stays is listed") {
  std::array<std::atomic<int>, 20> times{};
  const std::vector<std::string> names(times.size(), "piece");
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const auto faults = run_all(names, 3, [&](std::size_t piece, int slot) -> Outcome {
    if (slot < 0 || slot > 2) return {"a slot that is not there", ""};
    const int tries = ++times.at(piece);
    if (piece == 4) return {"never works", ""};
    return {piece == 7 && tries == 1 ? "works the second time" : "", "done"};
  });
  CHECK(faults == std::map<std::size_t, std::string>{{4, "never works"}});
  for (std::size_t i = 0; i < times.size(); ++i) CHECK(times.at(i) == (i == 4 || i == 7 ? 2 : 1));
  CHECK_THROWS_AS(run_all(names, 2, [](std::size_t, int) -> Outcome { throw system::Error("the disk is full"); }),
                  system::Error);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
