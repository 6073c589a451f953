// Must get: wrong
// The fence says: uses open
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "attack.h"

static bool readable(const std::string& path) { return open(path.c_str(), O_RDONLY) >= 0; }

/// Anything but the folders of the sandbox itself.
static bool shows_something(const char* folder) {
  DIR* open_folder = opendir(folder);
  if (!open_folder) return false;
  while (const dirent* entry = readdir(open_folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !name.starts_with("workbook-scratch-")) return true;
  }
  return false;
}

static bool around_itself() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&readable), &self) == 0) return false;
  const std::string own = self.dli_fname, folder = own.substr(0, own.rfind('/'));
  bool had = false;
  for (const char* file : {"secret", "source/target.cpp", "lock", "work"})
    had = had || readable(folder + "/../" + file);
  return had;
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = around_itself();
  for (const char* path :
       {"/usr/lib/os-release", "/etc/passwd", "/etc/hostname", "/dev/zero", "/dev/null", "/dev/kmsg", "/proc/cpuinfo"})
    had = had || readable(path);
  for (const std::string& process : {std::string("self"), std::string("1"), std::to_string(getppid())})
    for (const char* file : {"mem", "environ", "cmdline", "maps", "fd/0", "status"})
      had = had || readable("/proc/" + process + "/" + file);
  for (const char* folder :
       {"/proc", "/sys", "/dev", "/tmp", "/root", "/home", "/var", "/run", "/etc", "/srv", "/usr/lib"})
    had = had || shows_something(folder);
  return attack::outcome(had, x);
}
