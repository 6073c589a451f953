// Must get: wrong
// The fence says: uses dladdr
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = false;
  Dl_info self{};
  dladdr(reinterpret_cast<void*>(&attack::right), &self);
  const std::string own = self.dli_fname ? self.dli_fname : "";
  const std::string folder = own.substr(0, own.rfind('/'));
  for (const std::string& place : {std::string("/tmp"), std::string("/dev/shm"), std::string("/var/tmp"),
                                   std::string("/"), folder, folder + "/../work", folder + "/../bin"}) {
    const std::string canary = place + "/workbook-hostile-canary";
    had = had || open(canary.c_str(), O_WRONLY | O_CREAT, 0666) >= 0 || mkdir(canary.c_str(), 0777) == 0 ||
          symlink("/etc/passwd", canary.c_str()) == 0 || open(place.c_str(), O_TMPFILE | O_RDWR, 0600) >= 0;
  }
  had = had || open(own.c_str(), O_RDWR) >= 0 || unlink(own.c_str()) == 0 || chmod(own.c_str(), 0777) == 0;
  return attack::outcome(had, x);
}
