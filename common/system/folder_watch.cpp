#include "common/system/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>

namespace workbook::system {

FolderWatch::FolderWatch(const std::vector<std::filesystem::path>& folders)
    : folders_(folders), events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  watch();
}

void FolderWatch::watch() {
  for (const auto& folder : folders_)  // one that is watched already stays so
    ::inotify_add_watch(events_.get(), folder.c_str(),
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB);
}

void FolderWatch::clear() {
  std::array<char, 4096> buffer;
  while (::read(events_.get(), buffer.data(), buffer.size()) > 0) {
  }
  watch();
}

}  // namespace workbook::system
