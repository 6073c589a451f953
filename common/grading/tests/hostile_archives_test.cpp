#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "common/checker/catch.h"
#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/folder.h"
#include "common/grading/intake/intake.h"
#include "common/grading/tests/hostile_archives.h"
#include "common/grading/tests/packer.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

TEST_CASE("a hostile archive is refused for its student only, and nothing leaves the folder", "[intake][hostile]") {
  const auto& hostile_ones = hostile_archives();
  const Scratch scratch;
  std::map<std::string, const Hostile*> expected;
  for (std::size_t i = 0; i < hostile_ones.size(); ++i) {
    const std::string student = "s" + std::to_string(i);
    expected[student] = &hostile_ones[i];
    scratch.write("class/" + student + ".zip", hostile_ones[i].bytes());
  }
  scratch.write("class/honest.zip", pack("zip", {{"first.cpp", "good"}}));
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, hostile_limits());
  REQUIRE(taken.size() == hostile_ones.size() + 1);
  for (const Submission& student : taken) {
    if (student.student == "honest") {
      CHECK(system::read_file(student.files.at("01_first")) == "good");
      continue;
    }
    const Hostile& hostile = *expected.at(student.student);
    INFO(hostile.what << ": " << student.refused);
    CHECK_THAT(student.refused, contains_text(hostile.refused));
    CHECK(student.refused.empty() == !student.refused.starts_with('"' + student.student + ".zip\": "));
    CHECK(student.refused.empty() == (hostile.first != nullptr || *hostile.refused_file != '\0'));
    CHECK(student.files.count("01_first") == (hostile.first != nullptr));
    if (hostile.first) CHECK(system::read_file(student.files.at("01_first")) == hostile.first);
    const auto file = student.refused_files.find("01_first");
    CHECK_THAT(file == student.refused_files.end() ? "" : file->second, contains_text(hostile.refused_file));
  }
  for (const auto& entry : fs::recursive_directory_iterator(scratch.path() / "into")) {
    CAPTURE(entry.path());
    CHECK(!entry.is_symlink());
    CHECK((entry.is_directory() || entry.path().extension() == ".cpp"));
  }
}

TEST_CASE("an interruption ends the reading of an archive", "[intake][hostile]") {
  const std::string bytes = zip_of_nothing({"first.cpp"}, 1);
  const pid_t child = ::fork();  // for nothing takes the signal back
  REQUIRE(child >= 0);
  if (child == 0) {
    system::catch_interrupts();
    ArchiveReader archive(std::as_bytes(std::span(bytes)), {});
    archive.next();
    ::raise(SIGINT);
    const auto ends = [](const auto& action) {
      try {
        action();
      } catch (const system::Interrupted&) {
        return true;
      }
      return false;
    };
    ::_exit(ends([&] { archive.content(1); }) && ends([&] { archive.next(); }) ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a hostile folder is refused like an archive", "[intake][hostile]") {
  const Scratch scratch;
  scratch.write("secret.cpp", "secret");
  scratch.write("class/linked/notes.txt", "");
  fs::create_symlink(scratch.path() / "secret.cpp", scratch.path() / "class/linked/first.cpp");
  scratch.write("class/folder/notes.txt", "");
  fs::create_directory_symlink(scratch.path(), scratch.path() / "class/folder/01_first");
  fs::create_directory_symlink(scratch.path() / "class/folder", scratch.path() / "class/itself");
  scratch.write("class/empty/notes.txt", "");
  for (const Submission& student :
       take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, hostile_limits())) {
    CAPTURE(student.student);
    CHECK_THAT(student.refused, contains_text(student.student == "empty" ? "found none" : "found a link"));
    CHECK(student.files.empty());
  }
}

TEST_CASE("what a name stood for a moment ago does not count", "[intake][hostile]") {
  const Scratch scratch;
  scratch.write("secret", "secret");
  const fs::path file = scratch.write("class/first.cpp", "mine"), inner = scratch.path() / "class/inner";
  fs::create_directory(inner);
  const Folder folder(system::FileDescriptor(::open((scratch.path() / "class").c_str(), O_RDONLY | O_CLOEXEC)));
  REQUIRE(folder.list(2).size() == 2);
  CHECK(content_of(folder.open("first.cpp", EntryKind::file), 10) == "mine");
  const auto refuses = [&](const std::string& name, EntryKind kind) {
    CHECK_THROWS_WITH(folder.open(name, kind), contains_text('"' + name + '"'));
  };
  for (const std::string name : {"first.cpp", "inner"}) {
    fs::remove(folder.list(2).empty() ? file : scratch.path() / "class" / name);
    fs::create_symlink(name == "inner" ? scratch.path() : scratch.path() / "secret", scratch.path() / "class" / name);
    refuses(name, name == "inner" ? EntryKind::folder : EntryKind::file);
    fs::remove(scratch.path() / "class" / name);
    REQUIRE(::mkfifo((scratch.path() / "class" / name).c_str(), 0600) == 0);
    refuses(name, EntryKind::file);  // and waits for nobody who would write to it
    refuses(name, EntryKind::folder);
  }
}

TEST_CASE("a folder's depth and number of entries have a limit", "[intake][hostile]") {
  const Scratch scratch;
  std::string deep = "class/deep";
  for (int i = 0; i < 100; ++i) deep += "/a";
  scratch.write(deep + "/first.cpp", "x");
  for (int i = 0; i < 2001; ++i) scratch.write("class/many/notes/" + std::to_string(i), "");
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, hostile_limits());
  REQUIRE(taken.size() == 2);
  CHECK_THAT(taken[0].refused, contains_text("\"deep\": expected plain paths, found one through too many folders"));
  CHECK_THAT(taken[1].refused, contains_text("\"many\": expected at most"));
}

TEST_CASE("any damage to an archive is refused or harmless", "[intake][hostile]") {
  const Scratch scratch;
  unsigned state = 1;
  const auto random = [&](std::size_t below) { return (state = state * 1664525 + 1013904223) / 65536 % below; };
  for (const char* format : {"zip", "zip-stored", "tar", "tar.gz", "tar.bz2", "tar.xz"}) {
    const std::string good =
        pack(format, {{"lessons/01_first/first.cpp", std::string(500, 'x')}, {"manifest.json", "{}"}});
    for (int i = 0; i < 60; ++i) {
      std::string bytes = good;
      for (std::size_t flips = 1 + random(4); flips > 0; --flips)
        bytes[random(bytes.size())] = static_cast<char>(random(256));
      if (random(4) == 0) bytes.resize(random(bytes.size()));
      scratch.write("class/" + std::string(format) + std::to_string(i) + ".zip", bytes);
    }
  }
  for (const Submission& student :
       take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, hostile_limits())) {
    CAPTURE(student.student, student.refused);
    CHECK((!student.refused.empty() || !student.files.empty() || !student.refused_files.empty()));
  }
}

}  // namespace
}  // namespace workbook::grading
