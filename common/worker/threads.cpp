#include "common/worker/threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace workbook {
namespace {

/// Adds the thread that a file `stat` describes: "NUMBER (NAME) STATE PARENT GROUP SESSION TERMINAL GROUP FLAGS ...".
void add(const char* stat, bool is_first, Threads& threads) {
  constexpr unsigned kExiting = 4;            // the kernel's PF_EXITING: set before whoever joins it goes on
  const char* name_end = strrchr(stat, ')');  // a name may hold anything
  char state = 'X';
  unsigned flags = 0;
  if (!name_end || sscanf(name_end, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2) return;
  const bool ending = state == 'Z' || state == 'X' || (flags & kExiting) != 0;
  threads.first |= is_first && !ending;
  threads.others += !is_first && !ending;
  threads.runnable |= state == 'R' || state == 'D';
}

}  // namespace

std::optional<Threads> threads_of(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process) + "/task/";
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir(folder.c_str()), closedir);
  if (!tasks) return std::nullopt;
  Threads threads;
  while (const dirent* entry = readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    const int file = open((folder + entry->d_name + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;  // it has ended since
    char stat[1024];
    const ssize_t n = read(file, stat, sizeof stat - 1);
    close(file);
    if (n <= 0) continue;
    stat[n] = '\0';
    add(stat, std::to_string(process) == entry->d_name, threads);
  }
  return threads;
}

}  // namespace workbook
