#include "common/grading/tests/hostile_archives.h"

#include "common/grading/intake/intake.h"
#include "common/grading/tests/packer.h"

namespace workbook::grading {
namespace {

std::string replaced(std::string bytes, const std::string& from, const std::string& to) {
  for (auto at = bytes.find(from); at != bytes.npos; at = bytes.find(from, at + to.size()))
    bytes.replace(at, from.size(), to);
  return bytes;
}

std::string tar_with_size(const std::string& octal, const std::string& content, char type = '0') {
  return tar_header(octal, type) + content + std::string(1024, '\0');
}

/// What stands before an entry: a pax header with a comment, or GNU's long name; 100 KiB of it.
std::string before_entry(char type) {
  const std::string length = "102400 comment=";
  return tar_header("00000310000", type) + length + std::string(102400 - length.size() - 1, 'a') + '\n';
}

std::string with_first(const std::string& begin) { return begin + pack("tar", {{"first.cpp", "x"}}); }

std::string nested(int depth) {
  std::string bytes = pack("zip", {{"first.cpp", "deep"}});
  for (int i = 1; i < depth; ++i) bytes = pack("zip", {{"inner.zip", bytes}});
  return bytes;
}

std::string many_entries(const std::string& format, int count) {
  std::vector<Packed> entries;
  for (int i = 0; i < count; ++i) entries.push_back({"notes/" + std::to_string(i), ""});
  return pack(format, entries);
}

const std::string kZeros(20 << 20, '\0');

const std::vector<Hostile> kHostile{
    {"nothing at all", [] { return std::string(); }, "cannot be read"},
    {"text", [] { return std::string("this is no archive"); }, "cannot be read"},
    {"random bytes behind a zip's magic", [] { return "PK\x03\x04" + std::string(500, '\x5a'); }, "cannot be read"},
    {"truncated zip",
     [] {
       return pack("zip", {{"first.cpp", std::string(9000, 'x')}}).substr(0, 80);
     },
     "cannot be read"},
    {"truncated tar.gz",
     [] {
       return pack("tar.gz", {{"first.cpp", std::string(9000, 'x')}}).substr(0, 60);
     },
     "cannot be read"},
    {"truncated tar",
     [] {
       return pack("tar", {{"first.cpp", std::string(9000, 'x')}}).substr(0, 2000);
     },
     "cannot be read"},
    {"damaged data",
     [] {
       return replaced(pack("zip-stored", {{"first.cpp", "precious"}}), "precious", "tampered");
     },
     "cannot be read"},
    {"a symbolic link in place of the file",
     [] {
       return pack("tar", {{"first.cpp", "", 'l', "/etc/passwd"}});
     },
     "found a link: \"first.cpp\""},
    {"a symbolic link in a zip",
     [] {
       return pack("zip", {{"first.cpp", "", 'l', "/etc/passwd"}});
     },
     "found a link"},
    {"a linked folder, then a file through it",
     [] {
       return pack("tar", {{"lessons/01_first", "", 'l', "/tmp"}, {"lessons/01_first/first.cpp", "x"}});
     },
     "found a link"},
    {"a hard link",
     [] {
       return pack("tar", {{"a.txt", "x"}, {"first.cpp", "", 'h', "a.txt"}});
     },
     "found a link"},
    {"a hard link to outside",
     [] {
       return pack("tar", {{"first.cpp", "", 'h', "/etc/shadow"}});
     },
     "found a link"},
    {"a device",
     [] {
       return pack("tar", {{"first.cpp", "", 'c'}});
     },
     "found a device"},
    {"a pipe",
     [] {
       return pack("tar", {{"first.cpp", "", 'p'}});
     },
     "found a device"},
    {"a path upward",
     [] {
       return pack("tar", {{"../../../tmp/first.cpp", "x"}});
     },
     "leads upward"},
    {"a path upward in a zip",
     [] {
       return pack("zip", {{"a/../../first.cpp", "x"}});
     },
     "leads upward"},
    {"a path upward as Windows writes it",
     [] {
       return replaced(pack("zip", {{"..A..Afirst.cpp", "x"}}), "..A..A", "..\\..\\");
     },
     "leads upward"},
    {"an absolute path",
     [] {
       return pack("tar", {{"/tmp/first.cpp", "x"}});
     },
     "an absolute one"},
    {"an absolute path in a zip",
     [] {
       return pack("zip", {{"/tmp/first.cpp", "x"}});
     },
     "an absolute one"},
    {"a drive",
     [] {
       return pack("zip", {{"C:/first.cpp", "x"}});
     },
     "an absolute one"},
    {"a path without end",
     [] {
       return pack("tar", {{std::string(3000, 'a') + "/first.cpp", "x"}});
     },
     "a very long one"},
    {"folders without end",
     [] {
       std::string path;
       for (int i = 0; i < 2000; ++i) path += "a/";
       return pack("tar", {{path + "first.cpp", "x"}});
     },
     "a very long one"},
    {"the same name twice",
     [] {
       return pack("tar", {{"first.cpp", "a"}, {"first.cpp", "b"}});
     },
     "", nullptr, "found it twice"},
    {"the same name twice in a zip",
     [] {
       return pack("zip", {{"first.cpp", "a"}, {"./first.cpp", "b"}});
     },
     "", nullptr, "found it twice"},
    {"the same file in two folders",
     [] {
       return pack("zip", {{"a/first.cpp", "a"}, {"b/first.cpp", "b"}});
     },
     "", nullptr, "found it twice"},
    {"another case",
     [] {
       return pack("zip", {{"First.cpp", "a"}});
     },
     "", nullptr, "expected a file called first.cpp"},
    {"both cases",
     [] {
       return pack("zip", {{"first.cpp", "a"}, {"FIRST.CPP", "b"}});
     },
     "", nullptr, "expected a file called"},
    {"both cases, the other way round",
     [] {
       return pack("zip", {{"FIRST.CPP", "b"}, {"first.cpp", "a"}});
     },
     "", nullptr, "expected a file called"},
    {"NUL in a name",
     [] {
       return replaced(pack("zip", {{"first.cppZ.txt", "x"}}), "first.cppZ.txt", std::string("first.cpp\0.txt", 14));
     },
     "", "x"},
    {"an encrypted file",
     [] {
       return pack("zip-encrypted", {{"first.cpp", "x"}});
     },
     "expected no password"},
    {"a file that is too large",
     [] {
       return pack("zip", {{"first.cpp", kZeros}});
     },
     "", nullptr, "at most 64 KiB, found more"},
    {"a large file beside a good one",
     [] {
       return pack("tar", {{"first.cpp", "x"}, {"second.cpp", std::string(1 << 20, 'x')}});
     },
     "", "x"},
    {"a zip bomb beside the file",
     [] {
       return pack("zip", {{"first.cpp", "x"}, {"a", kZeros}, {"b", kZeros}});
     },
     "found more"},
    {"a tar.gz bomb",
     [] {
       return pack("tar.gz", {{"zeros", kZeros}, {"first.cpp", "x"}});
     },
     "times its size"},
    {"a tar.xz bomb",
     [] {
       return pack("tar.xz", {{"zeros", kZeros}, {"first.cpp", "x"}});
     },
     "times its size"},
    {"a tar.bz2 bomb in debris",
     [] {
       return pack("tar.bz2", {{"build/zeros", kZeros}, {"first.cpp", "x"}});
     },
     "times its size"},
    {"a tar that is too large",
     [] {
       return pack("tar", {{"zeros", kZeros}});
     },
     "expected an archive of at most 4 MiB"},
    {"a size of 8 GiB that is not there", [] { return tar_with_size("77777777777", "x"); }, "found more"},
    {"a negative size", [] { return tar_with_size("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "x"); },
     "cannot be read"},
    {"a long name of 8 GiB", [] { return tar_with_size("77777777777", "x", 'L'); }, "cannot be read"},
    {"a pax header of 8 GiB", [] { return tar_with_size("77777777777", "x", 'x'); }, "cannot be read"},
    {"pax headers without end",
     [] {
       return pack("raw.xz", {{"", with_first(repeated(before_entry('x'), 60))}});
     },
     "names and attributes of at most 500 KiB"},
    {"global pax headers without end",
     [] {
       return pack("raw.xz", {{"", with_first(repeated(before_entry('g'), 60))}});
     },
     "names and attributes of at most 500 KiB"},
    {"long names without end",
     [] {
       return pack("raw.gz", {{"", with_first(repeated(before_entry('L'), 60))}});
     },
     "names and attributes of at most 500 KiB"},
    {"entries that are nothing but attributes",
     [] {
       return pack("raw.xz", {{"", with_first(repeated(before_entry('x') + tar_header("00000000000", '0'), 200))}});
     },
     "times its size"},
    {"a zip's directory without end", [] { return zip_directory(40'000); }, "names and attributes of at most 500 KiB"},
    {"entries that share their bytes",
     [] {
       return zip_of_nothing({"first.cpp", "01_first/first.cpp", "lessons/01_first/first.cpp"}, 2048);
     },
     "lie beside one another"},
    {"packed twice",
     [] {
       return pack("raw.xz", {{"", pack("tar.gz", {{"first.cpp", "x"}})}});
     },
     "packed once"},
    {"too many folders",
     [] {
       return pack("tar", {{repeated("a/", 40) + "first.cpp", "x"}});
     },
     "one through too many folders"},
    {"archives in one another", [] { return nested(6); }, "expected at most 2 archives in one another"},
    {"two archives inside",
     [] {
       return pack("zip", {{"a.zip", nested(1)}, {"b.zip", nested(1)}});
     },
     "expected one archive, found 2"},
    {"a bomb in an archive inside",
     [] {
       return pack("zip", {{"a.zip", pack("zip", {{"x", kZeros}, {"y", kZeros}})}});
     },
     "found more"},
    {"100,000 entries in a zip", [] { return many_entries("zip", 100'000); }, ""},
    {"100,000 entries in a tar", [] { return many_entries("tar.gz", 100'000); }, ""},
};

}  // namespace

const std::vector<Hostile>& hostile_archives() { return kHostile; }

IntakeLimits hostile_limits() {
  IntakeLimits limits;
  limits.file_bytes = 64 << 10;
  limits.archive_bytes = 4 << 20;
  limits.unpacked_bytes = 24 << 20;
  limits.entries = 2000;
  return limits;
}

}  // namespace workbook::grading
