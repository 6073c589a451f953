/// What is answered to those whom the gate let in.

#include "common/cli/study/site.h"

#include "common/checker/catch.h"
#include "common/cli/study/snapshot.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/temporary_folder.h"

using namespace workbook::cli;
using namespace workbook::cli::study;
using nlohmann::json;

namespace {

constexpr auto kStub = "first form\n";

/// A workbook with one lesson, and built pages if they are wanted.
struct Place {
  ScratchFolder scratch;
  Book book;
  Desk desk;

  Place() {
    const fs::path root = scratch.path();
    const auto write = [&](const char* file, const char* text) { write_atomically(root / file, text); };
    write("lessons/01_adding/README.md",
          "# Adding\n\n> **Predict.** (a) 1 + 1?\n\n![p](figure.svg) [self](../01_adding/README.md)\n");
    write("lessons/01_adding/figure.svg", "<svg/>");
    write("lessons/01_adding/adding.cpp", kStub);
    write("lessons/01_adding/hints.md", "# TODO(1)\n1. Concept.\n2. Invariant.\n3. Code.\n");
    write("lessons/01_adding/lesson.json", R"({"title": "Adding <b>", "summary": "s", "track": "cpu", "minutes": 1,
      "files": ["adding.cpp"], "exercises": [{"todo": 1, "function": "add"}],
      "predictions": [{"label": "a", "asks": "1 + 1", "answer": "2", "test": "adds"}]})");
    write("docs/study/panel.css", "css");
    write("secret", "secret");
    write(".workbook/pristine/01_adding/adding.cpp", kStub);
    write("html/index.html", "<body>start</body>");
    write("html/lesson_01_adding.html", "<body>text</body>");
    write("html/other.html", "<body>other</body>");
    book.workspace = {root, root / "build", root / ".workbook"};
    book.catalog = read_catalog(book.workspace);
  }

  fs::path stub() const { return scratch.path() / "lessons/01_adding/adding.cpp"; }
  Site plain() { return Site(book, std::nullopt, desk); }
  Site built() { return Site(book, scratch.path() / "html", desk); }
};

json posted(Site& site, const char* path, const json& body, int status = 200) {
  const Reply reply = site.post(path, body.dump());
  CAPTURE(path, reply.body);
  CHECK(reply.status == status);
  return json::parse(reply.body);
}

bool has(const Reply& reply, const char* text) { return reply.body.find(text) != reply.body.npos; }

}  // namespace

TEST_CASE("pages of lessons get the panel, the others stay as they are", "[study]") {
  Place place;
  const Site site = place.built();
  CHECK(has(site.get("/lesson_01_adding.html", ""), R"(src="/study/panel.js" data-lesson="01_adding")"));
  CHECK(has(site.get("/", ""), R"(src="/study/panel.js" data-lesson="")"));
  CHECK(site.get("/other.html", "").body == "<body>other</body>");
  CHECK(site.get("/study/panel.css", "").body == "css");
  for (const char* path : {"/../secret", "/secret", "/study/../secret", "/study/../../secret", "/study/",
                           "/study/nothing", "/lessons/01_adding/adding.cpp", "/none.html"})
    CHECK(site.get(path, "").status == 404);
}

TEST_CASE("without built pages the lessons are shown plainly", "[study]") {
  Place place;
  const Site site = place.plain();
  const Reply page = site.get("/lesson_01_adding.html", "");
  CHECK(has(page, "<h1>Adding</h1>"));
  CHECK(has(page, R"(<img src="/lessons-01_adding-figure.svg" alt="p"/>)"));
  CHECK(has(page, R"(<a href="/lesson_01_adding.html">self</a>)"));
  CHECK(has(page, "Adding &lt;b&gt;"));
  CHECK(has(page, R"(data-lesson="01_adding")"));
  CHECK(has(site.get("/", ""), R"(<a href="/lesson_01_adding.html">)"));
  CHECK(site.get("/lessons-01_adding-figure.svg", "").type == "image/svg+xml");
  for (const char* path :
       {"/lessons-01_adding-adding.cpp", "/lessons-01_adding-../../secret", "/other.html", "/secret"})
    CHECK(site.get(path, "").status == 404);
}

TEST_CASE("hints come one at a time, and those that were read come again", "[study]") {
  Place place;
  Site site = place.plain();
  const auto hints = [&](bool more) {
    return posted(site, "/study/hint", {{"lesson", "01_adding"}, {"todo", 1}, {"more", more}})["hints"];
  };
  CHECK(hints(false) == json{"Concept."});
  CHECK(hints(false).size() == 1);
  CHECK(hints(true).size() == 2);
  CHECK(hints(false).size() == 2);
  CHECK(hints(true).size() == 3);
  CHECK(hints(true).size() == 3);
  posted(site, "/study/hint", {{"lesson", "01_adding"}, {"todo", 2}}, 400);
}

TEST_CASE("a file is reset after a confirmation only, and the work is kept", "[study]") {
  Place place;
  Site site = place.plain();
  write_atomically(place.stub(), "my work\n");
  CHECK(has(site.get("/study/changes", "01_adding"), "+my work"));
  posted(site, "/study/reset", {{"lesson", "01_adding"}, {"confirmed", false}}, 400);
  posted(site, "/study/reset", {{"lesson", "01_adding"}}, 400);
  CHECK(read_file(place.stub()) == "my work\n");
  CHECK(posted(site, "/study/reset", {{"lesson", "01_adding"}, {"confirmed", true}})["said"].size() == 2);
  CHECK(read_file(place.stub()) == kStub);
  const fs::directory_iterator backups(place.scratch.path() / ".workbook/backups/01_adding");
  CHECK(read_file(backups->path()) == "my work\n");
  CHECK(posted(site, "/study/reset", {{"lesson", "01_adding"}, {"confirmed", true}})["said"].size() == 1);
}

TEST_CASE("work from before a reset is put back after a confirmation only", "[study]") {
  Place place;
  Site site = place.plain();
  const json yes{{"lesson", "01_adding"}, {"confirmed", true}};
  const auto backup = [&] {
    return json::parse(snapshot_document(place.book, place.book.catalog.lessons.front(), {}))["backup"];
  };
  CHECK(backup().empty());
  CHECK(posted(site, "/study/restore", yes)["said"] == json{"No other work of lesson 01 is kept."});
  write_atomically(place.stub(), "my work\n");
  posted(site, "/study/reset", yes);
  REQUIRE(backup().size() == 1);
  CHECK(read_file(place.scratch.path() / backup()[0].get<std::string>()) == "my work\n");
  posted(site, "/study/restore", {{"lesson", "01_adding"}, {"confirmed", false}}, 400);
  posted(site, "/study/restore", {{"lesson", "01_adding"}}, 400);
  CHECK(read_file(place.stub()) == kStub);
  write_atomically(place.stub(), "newer work\n");
  CHECK(posted(site, "/study/restore", yes)["said"].size() == 2);
  CHECK(read_file(place.stub()) == "my work\n");
  posted(site, "/study/restore", yes);  // and forth, as what was there was kept, too
  CHECK(read_file(place.stub()) == "newer work\n");
}

TEST_CASE("a prediction is kept, and its answer told when the test has passed", "[study]") {
  Place place;
  Site site = place.plain();
  const Lesson& lesson = place.book.catalog.lessons.front();
  const auto predictions = [&](const Board& board) {
    return json::parse(snapshot_document(place.book, lesson, board))["predictions"];
  };
  const auto ask = [&](const char* label, const std::string& text, int status) {
    posted(site, "/study/prediction", {{"lesson", "01_adding"}, {"label", label}, {"text", text}}, status);
  };
  ask("a", " 3\x01 ", 200);
  CHECK(predictions({})[0]["yours"] == "3?");
  CHECK_FALSE(predictions({})[0].contains("answer"));
  ask("b", "3", 400);
  ask("a", std::string(201, '1'), 400);
  Board board;
  board.tests.resize(1);
  board.tests[0].result.name = "adds";
  board.tests[0].result.verdict = workbook::Verdict::wrong;
  board.tests[0].known = true;
  CHECK_FALSE(predictions(board)[0].contains("answer"));
  board.tests[0].result.verdict = workbook::Verdict::passed;
  CHECK(predictions(board)[0]["answer"] == "2");
  CHECK(predictions(board)[0]["mark"] == "wrong");
  std::string longest;
  for (int i = 0; i < 200; ++i) longest += "é";
  ask("a", longest, 200);
  CHECK(predictions(board)[0]["yours"] == longest);
  CHECK(predictions(board)[0]["mark"].is_null());
  ask("a", "", 200);
  CHECK(predictions({})[0]["yours"] == "");
}

TEST_CASE("what is not expected is refused in a sentence", "[study]") {
  Place place;
  Site site = place.plain();
  for (const char* body : {"", "{", "[]", "{}", "1", R"({"lesson": 1})", R"({"lesson": "01_adding"})",
                           R"({"lesson": "../01_adding", "todo": 1})", R"({"lesson": "01_adding", "todo": "1"})"}) {
    CAPTURE(body);
    CHECK(site.post("/study/hint", body).status == 400);
  }
  CHECK(site.post("/study/other", R"({"lesson": "01_adding"})").status == 404);
  CHECK(site.get("/study/changes", "../01_adding").status == 404);
}

TEST_CASE("a snapshot is valid whatever the student's program printed", "[study]") {
  Place place;
  Board board;
  board.tests.resize(1);
  board.tests[0].known = true;
  board.tests[0].result.output = "\xff\xfe <script>\n\ndata: x";
  board.tests[0].result.json = "no JSON";
  const std::string text = snapshot_document(place.book, place.book.catalog.lessons.front(), board);
  CHECK(text.find('\n') == text.npos);  // one line of an event
  CHECK(json::parse(text)["tests"][0]["output"].get<std::string>().ends_with(" <script>\n\ndata: x"));
}
