#pragma once
/// A program that is followed while it runs; run() in process.h waits for one.

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/system/file_descriptor.h"
#include "common/system/process.h"

namespace workbook::system {

/// Leads a process group of its own, so that Ctrl-C in a terminal passes it by, and ends with us. It has nothing to
/// read.
class Child {
 public:
  /// What it prints on stdout and stderr comes through output(). @throws Error when it cannot be started.
  explicit Child(const Argv& argv, const std::vector<std::pair<std::string, std::string>>& env = {});
  /// Interrupts it and waits; after two seconds it is killed.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// To be polled: readable when lines() has some, or the child has closed its end.
  int output() const { return output_.get(); }

  /// The whole lines that came since the last call, without waiting for more.
  std::vector<std::string> lines();

  /// Whether it has closed its output; lines() has given everything then.
  bool closed() const { return closed_; }

  /// Waits for its end. `output` is empty.
  Ended wait();

 private:
  FileDescriptor output_;
  pid_t child_ = -1;
  std::string pending_;
  bool closed_ = false;
};

}  // namespace workbook::system
