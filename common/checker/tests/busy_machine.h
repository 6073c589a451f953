#pragma once
/// Makes this machine busy for as long as it lives: so many processes for each processor that compute and do nothing
/// else.

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace workbook {

class BusyMachine {
 public:
  explicit BusyMachine(unsigned per_processor) {
    for (unsigned i = 0; i < per_processor * std::thread::hardware_concurrency(); ++i) {
      const pid_t process = fork();
      if (process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile bool on = true; on;) {
        }
      }
      if (process > 0) processes_.push_back(process);
    }
  }
  ~BusyMachine() {
    for (const pid_t process : processes_) kill(process, SIGKILL);
    for (const pid_t process : processes_) waitpid(process, nullptr, 0);
  }
  BusyMachine(const BusyMachine&) = delete;
  BusyMachine& operator=(const BusyMachine&) = delete;

 private:
  std::vector<pid_t> processes_;
};

}  // namespace workbook
