/// Who is let in, and which files a path of an address can mean.

#include "common/cli/study/gate.h"

#include <random>
#include <set>
#include <vector>

#include "common/checker/catch.h"
#include "common/system/files.h"
#include "common/system/temporary_folder.h"

using namespace workbook::cli::study;
namespace fs = std::filesystem;
using Answer = Gate::Answer;

namespace {

const std::string kToken = "0123456789abcdef0123456789abcdef", kTicket = "fedcba9876543210fedcba9876543210";

Caller reader() {
  return {.method = "GET", .host = "127.0.0.1:8000", .origin = "", .cookie = "study_8000=" + kToken, .token = ""};
}

Caller poster() {
  Caller caller = reader();
  caller.method = "POST";
  caller.origin = "http://127.0.0.1:8000";
  return caller;
}

}  // namespace

TEST_CASE("whoever has the cookie is let in", "[study]") {
  Gate gate(kToken, kTicket, 8000);
  CHECK(gate.answer(reader()) == Answer::open);
  CHECK(gate.answer(poster()) == Answer::open);
  Caller named = poster();
  named.host = "localhost:8000";
  named.origin = "http://localhost:8000";
  CHECK(gate.answer(named) == Answer::open);
  Caller among = reader();
  among.cookie = "theme=dark; study_8000=" + kToken + "; study_8001=0";
  CHECK(gate.answer(among) == Answer::open);
}

TEST_CASE("a token in the address is worth a cookie, and nothing for a POST", "[study]") {
  Gate gate(kToken, kTicket, 8000);
  Caller caller = reader();
  caller.cookie = "";
  CHECK(gate.answer(caller) == Answer::no_token);
  caller.token = kToken;
  CHECK(gate.answer(caller) == Answer::welcome);
  caller.token.back() = '0';
  CHECK(gate.answer(caller) == Answer::no_token);
  Caller post = poster();
  post.cookie = "";
  post.token = kToken;
  CHECK(gate.answer(post) == Answer::no_token);
  CHECK(gate.cookie() == "study_8000=" + kToken + "; HttpOnly; SameSite=Strict; Path=/");
}

TEST_CASE("a ticket is good for one welcome, and is no cookie", "[study]") {
  Gate gate(kToken, kTicket, 8000);
  Caller caller = reader();
  caller.cookie = "study_8000=" + kTicket;
  CHECK(gate.answer(caller) == Answer::no_token);
  caller.token = kTicket;
  CHECK(gate.answer(caller) == Answer::welcome);
  CHECK(gate.answer(caller) == Answer::no_token);
  caller.token = kToken;
  CHECK(gate.answer(caller) == Answer::welcome);
  CHECK(gate.answer(caller) == Answer::welcome);
}

TEST_CASE("another cookie does not let anybody in", "[study]") {
  Gate gate(kToken, kTicket, 8000);
  for (const std::string& cookie :
       std::vector<std::string>{"", "study_8000=", "study_8000=" + kToken.substr(1), "study_8000",
                                "study_8000=" + kToken + "0", "study_80000=" + kToken, "xstudy_8000=" + kToken,
                                "study_8001=" + kToken, ";;;=", "study_8000=; study_8001=" + kToken}) {
    Caller caller = reader();
    caller.cookie = cookie;
    CAPTURE(cookie);
    CHECK(gate.answer(caller) == Answer::no_token);
  }
}

TEST_CASE("another host is refused, also with the token", "[study]") {
  Gate gate(kToken, kTicket, 8000);
  for (const char* host : {"", "example.org", "example.org:8000", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:80000",
                           "localhost", "localhost.example.org:8000", "127.0.0.1:8000.example.org", "[::1]:8000"}) {
    Caller caller = reader();
    caller.host = host;
    caller.token = kToken;
    CAPTURE(host);
    CHECK(gate.answer(caller) == Answer::foreign_host);
  }
}

TEST_CASE("a page of another origin is refused, also with the cookie", "[study]") {
  Gate gate(kToken, kTicket, 8000);
  for (const char* origin : {"null", "http://example.org", "https://127.0.0.1:8000", "http://127.0.0.1:8001",
                             "http://127.0.0.1", "http://localhost:8000", "http://127.0.0.1:8000.example.org"}) {
    for (Caller caller : {reader(), poster()}) {
      caller.origin = origin;
      CAPTURE(origin, caller.method);
      CHECK(gate.answer(caller) == Answer::foreign_origin);
    }
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", ""}) {
    Caller caller = reader();
    caller.method = method;
    CAPTURE(method);
    CHECK(gate.answer(caller) == Answer::foreign_origin);  // it says none
  }
}

TEST_CASE("tokens have 128 bits and differ", "[study]") {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(random_token());
  CHECK(tokens.size() == 100);
  for (const std::string& token : tokens) {
    CHECK(token.size() == 32);
    CHECK(token.find_first_not_of("0123456789abcdef") == token.npos);
  }
}

TEST_CASE("texts are equal in constant time when they are equal", "[study]") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "ab"));
  CHECK_FALSE(equal_in_constant_time("abc", ""));
  CHECK_FALSE(equal_in_constant_time("", "abc"));
  CHECK_FALSE(equal_in_constant_time("abcabc", "abc"));
}

namespace {

/// A folder of pages with a secret beside it, and links from the one to the other.
struct Pages {
  workbook::system::ScratchFolder scratch;
  fs::path html = scratch.path() / "html";

  Pages() {
    for (const char* file : {"html/index.html", "html/search/all_0.js", "html/.hidden", "secret", "html_beside/x"})
      workbook::system::write_atomically(scratch.path() / file, file);
    fs::create_symlink("../secret", html / "link");
    fs::create_symlink("..", html / "up");
    fs::create_symlink("search/all_0.js", html / "inside");
  }
};

}  // namespace

TEST_CASE("a path means a file in the folder", "[study]") {
  const Pages pages;
  CHECK(file_in(pages.html, "/index.html") == fs::canonical(pages.html / "index.html"));
  CHECK(file_in(pages.html, "/search/all_0.js") == fs::canonical(pages.html / "search/all_0.js"));
  CHECK(file_in(pages.html, "/inside") == fs::canonical(pages.html / "search/all_0.js"));
  using namespace std::string_view_literals;
  for (const std::string_view path : {""sv,
                                      "/"sv,
                                      "index.html"sv,
                                      "/search"sv,
                                      "/search/"sv,
                                      "/none.html"sv,
                                      "/../secret"sv,
                                      "/search/../../secret"sv,
                                      "/..%2fsecret"sv,
                                      "/%2e%2e/secret"sv,
                                      "/.hidden"sv,
                                      "/./index.html"sv,
                                      "//index.html"sv,
                                      "/link"sv,
                                      "/up/secret"sv,
                                      "/index.html/"sv,
                                      "/index.html\0"sv,
                                      "/\\..\\secret"sv,
                                      "/index.html\n"sv,
                                      "/../html_beside/x"sv}) {
    CAPTURE(path);
    CHECK_FALSE(file_in(pages.html, path));
  }
}

TEST_CASE("whatever a path is made of, it leads to no file outside of the folder", "[study]") {
  const Pages pages;
  const std::vector<std::string> parts{"/",          "//", "..",       ".",    "secret", "html", "search",
                                       "link",       "up", "inside",   "%2e",  "%2f..",  "\\",   "~",
                                       "index.html", "",   "all_0.js", "\x01", "..;"};
  std::mt19937 random(20);
  std::uniform_int_distribution<std::size_t> which(0, parts.size() - 1), how_many(1, 9);
  const std::string inside = fs::canonical(pages.html).string() + "/";
  int found = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string path;
    for (std::size_t left = how_many(random); left > 0; --left)
      path += (left % 2 == 0 ? "/" : "") + parts[which(random)];
    const auto file = file_in(pages.html, path);
    if (!file) continue;
    ++found;
    CAPTURE(path, *file);
    REQUIRE(file->string().starts_with(inside));
    REQUIRE(workbook::system::read_file(*file).value_or("").starts_with("html/"));
    REQUIRE(path.find("..") == path.npos);
  }
  CHECK(found > 0);  // the loop has tried paths that are fine, too
}

TEST_CASE("a browser is sent on to a plain path or to the start", "[study]") {
  CHECK(redirect_path("/lesson_02_x.html") == "/lesson_02_x.html");
  CHECK(redirect_path("/search/a.html") == "/search/a.html");
  for (const char* path : {"", "/", "//example.org", "/\\example.org", "/a\r\nSet-Cookie: b", "/a b", "example.org"}) {
    CAPTURE(path);
    CHECK(redirect_path(path) == "/");
  }
}

TEST_CASE("files have the types that browsers need", "[study]") {
  CHECK(content_type("a/index.html") == "text/html; charset=utf-8");
  CHECK(content_type("x.js") == "text/javascript; charset=utf-8");
  CHECK(content_type("figure.svg") == "image/svg+xml");
  CHECK(content_type("x.html.exe") == "application/octet-stream");
  CHECK(content_type("README") == "application/octet-stream");
}
