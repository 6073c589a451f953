/// What a checker takes of a reply, and what a test may add up to.

#include "common/checker/reply.h"
#include "common/checker/catch.h"
#include "common/checker/session.h"
#include "common/system/utf8.h"

using namespace workbook;

namespace {

ReplyHead taken(const ReplyHead& head) {
  Writer out;
  encode(out, head);
  out.number('!');
  Reader in(out.bytes());
  ReplyHead found = take_head(in);
  CHECK(in.number<char>() == '!');
  return found;
}

void is_refused(void (*spoil)(Evidence&), const char* why) {
  ReplyHead head;
  spoil(head.evidence);
  CHECK_THROWS_WITH(taken(head), contains_text(why));
}

}  // namespace

TEST_CASE("a reply holds no more than a test has to tell", "[reply]") {
  is_refused([](Evidence& e) { e.inputs_modified.resize(17); }, "expected at most 16 modified arguments");
  is_refused([](Evidence& e) { e.bytes_read.resize(17); }, "found 17");
  is_refused([](Evidence& e) { e.seconds.resize(10'000); }, "times");
  is_refused([](Evidence& e) { e.cuda.launches.resize(5000); }, "expected at most 4096 kernel launches");
  is_refused([](Evidence& e) { e.cuda.faults.resize(17); }, "faults");
  is_refused([](Evidence& e) { e.cuda.faults.push_back({.places = std::vector<std::uint64_t>(9)}); }, "places");
  is_refused([](Evidence& e) { e.cuda.faults.push_back({.calls = std::vector<std::uint64_t>(9)}); }, "led to a fault");
  is_refused([](Evidence& e) { e.cuda.launches = {{.kernel = std::string(3 << 20, 'x')}}; }, "bytes");
}

TEST_CASE("texts of a reply are cut and printable", "[reply]") {
  ReplyHead head{Outcome::threw, "a\x01", std::string(100'000, '\x02'), 0, {}, {}};
  head.evidence.cuda.launches = {{.kernel = std::string(1000, 'k')}};
  head.evidence.cuda.faults = {{.text = "\xff" + std::string(9000, 'f')}};
  const ReplyHead found = taken(head);
  CHECK(found.exception == "a?");
  CHECK(found.text == std::string(kLongestText, '?') + "\n... (cut)\n");
  CHECK(found.evidence.cuda.launches[0].kernel == std::string(256, 'k') + "\n... (cut)\n");
  CHECK(found.evidence.cuda.faults[0].text == "?" + std::string(kLongestText - 1, 'f') + "\n... (cut)\n");
}

TEST_CASE("a foreign name is quoted as it is, but for what would not be seen", "[reply]") {
  CHECK(system::quoted("Übung 1/李雷.zip") == "\"Übung 1/李雷.zip\"");
  CHECK(system::quoted("a\x1b[2J\n") == R"("a\x1b[2J\x0a")");
  CHECK(system::quoted("\xfc"
                       "bung") == R"("\xfcbung")");  // Latin-1
  CHECK(system::quoted("gpj.\u202e"
                       "exe") == R"("gpj.\xe2\x80\xaeexe")");    // turned around, it would read "gpj.exe"
  CHECK(system::quoted("ann\u200b") == R"("ann\xe2\x80\x8b")");  // no width
  CHECK(system::quoted("Bjo\u0308rn") ==
        R"("Bjo\xcc\x88rn")");  // macOS's form of a name that looks the same in two forms
  CHECK(system::quoted(std::string(200, 'x')) == '"' + std::string(160, 'x') + "...\"");
  CHECK(system::quoted(std::string(159, 'x') + "ü") == '"' + std::string(159, 'x') + "...\"");
}

TEST_CASE("what is noted of a test is bounded, and the gravest is never left out", "[reply]") {
  Session session({}, "", 1);
  for (char letter = 'a'; letter <= 'z'; ++letter)
    session.note(Verdict::wrong, std::string(10'000, '\x01') + std::string(10'000, letter));
  for (char letter = 'a'; letter <= 'z'; ++letter) session.note(Verdict::wrong, std::string(10'000, letter));
  session.note(Verdict::crashed, std::string(10'000, '!'));
  std::size_t bytes = 0;
  for (const Note& note : session.notes()) bytes += note.text.size();
  CHECK(bytes < 11 * kLongestText);
  CHECK(session.notes().back().verdict == Verdict::crashed);
  CHECK(session.notes().front().text.find('\x01') == std::string::npos);
}
