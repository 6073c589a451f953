/// What passes between the threads of the server.

#include "common/cli/study/desk.h"

#include <poll.h>

#include <thread>

#include "common/checker/catch.h"

using namespace workbook::cli::study;
using std::chrono::milliseconds;

namespace {

bool rings(const Desk& desk) {
  pollfd wake{desk.wake(), POLLIN, 0};
  return ::poll(&wake, 1, 0) == 1;
}

constexpr milliseconds kLong{60000}, kNow{0};

}  // namespace

TEST_CASE("wishes wake the thread that judges, and are taken once", "[study]") {
  Desk desk;
  CHECK_FALSE(rings(desk));
  desk.wish({Wish::Kind::open, "01_adding"});
  desk.wish({Wish::Kind::judge, "01_adding"});
  CHECK(rings(desk));
  const auto wishes = desk.wishes();
  REQUIRE(wishes.size() == 2);
  CHECK(wishes[0].kind == Wish::Kind::open);
  CHECK(wishes[1].kind == Wish::Kind::judge);
  CHECK_FALSE(rings(desk));
  CHECK(desk.wishes().empty());
}

TEST_CASE("who comes late gets the latest snapshot, and each only once", "[study]") {
  Desk desk;
  CHECK_FALSE(desk.later_than(0, kNow));
  desk.publish("1");
  desk.publish("2");
  const auto latest = desk.later_than(0, kNow);
  REQUIRE(latest);
  CHECK(latest->json == "2");
  CHECK_FALSE(desk.later_than(latest->number, kNow));
  desk.publish("2");  // nothing has changed
  CHECK_FALSE(desk.later_than(latest->number, kNow));
}

TEST_CASE("everyone who waits is told of a snapshot, and of the end", "[study]") {
  Desk desk;
  std::vector<std::string> got(3);
  std::vector<std::thread> readers;
  for (std::string& text : got)
    readers.emplace_back([&] { text = desk.later_than(0, kLong).value_or(Snapshot()).json; });
  desk.publish("news");
  for (std::thread& reader : readers) reader.join();
  CHECK(got == std::vector<std::string>(3, "news"));
  bool told = true;
  std::thread last([&] { told = desk.later_than(1, kLong).has_value(); });
  desk.close();
  last.join();
  CHECK_FALSE(told);
  CHECK(desk.closed());
}
