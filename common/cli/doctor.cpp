#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

void print_state(const char* what, bool good, const std::string& text) {
  fmt::print("  {} {:<8} {}\n", paint(good ? Ink::green : Ink::yellow, good ? "yes      " : "no       "), what, text);
}

/// Can a sandbox be made without root? Tried, not guessed: distributions forbid it in different ways.
bool user_namespaces_work() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1);
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

std::string first_line_of(const Argv& argv, const std::string& word) {
  const Ended ended = run({.argv = argv, .folder = {}, .capture = true});
  for (const std::string& line : split_lines(ended.output))
    if (ended.ok() && line.find(word) != line.npos) return std::string(trimmed(line));
  return "";
}

/// nvcc in PATH, or where NVIDIA's own packages put it.
std::string nvcc() {
  if (has_program("nvcc")) return "nvcc";
  return fs::exists("/usr/local/cuda/bin/nvcc") ? "/usr/local/cuda/bin/nvcc" : "";
}

void examine_peers(const Workspace& workspace) {
  fmt::print("{}\n", paint(Ink::bold, "Peers (optional: ./workbook bench --peers compares the lessons with them)"));
  const std::string torch =
      first_line_of({"python3", "-c",
                     "import importlib.util as u, sys; print(u.find_spec('torch') and 'PyTorch of ' + sys.executable)"},
                    "PyTorch");
  print_state("PyTorch", !torch.empty(), torch.empty() ? "for example: pip install torch" : torch);
  const std::string onnx =
      first_line_of({"node", (workspace.root / "common/bench/onnx_peer.js").string(), "--about"}, "version");
  print_state(
      "ONNX", !onnx.empty(),
      "ONNX Runtime" + (onnx.empty() ? ", with node: npm install -g --ignore-scripts onnxruntime-node" : ", " + onnx));
}

int examine() {
  const Workspace workspace = find_workspace();
  fmt::print("{}\n", paint(Ink::bold, "Packages"));
  const int listed =
      run({.argv = {"bash", (workspace.root / "common/cli/setup.sh").string(), "--list"}, .folder = {}}).exit_code;

  fmt::print("{}\n", paint(Ink::bold, "GPU (optional: everything runs without)"));
  const std::string gpu = has_program("nvidia-smi") ? first_line_of({"nvidia-smi", "--list-gpus"}, "GPU") : "";
  print_state("GPU", !gpu.empty(), gpu.empty() ? "CUDA lessons run in the simulator" : gpu);
  const std::string compiler = nvcc();
  const std::string version = compiler.empty() ? "" : first_line_of({compiler, "--version"}, "release");
  print_state("nvcc", !version.empty(), version.empty() ? "CUDA lessons are compiled for the simulator only" : version);

  examine_peers(workspace);

  fmt::print("{}\n", paint(Ink::bold, "Sandbox (for grading other people's code; your own runs do without)"));
  print_state("bwrap", has_program("bwrap"), "bubblewrap, which makes it");
  print_state("userns", user_namespaces_work(), "user namespaces, which it needs without root");

  fmt::print("{}\n", paint(Ink::bold, "Folders"));
  print_state("build", ::access(workspace.build.c_str(), W_OK) == 0, shown(workspace.build));
  const bool writable = ::access((fs::exists(workspace.state) ? workspace.state : workspace.root).c_str(), W_OK) == 0;
  print_state("state", writable, shown(workspace.state) + " (progress, hints, backups)");
  return listed;
}

}  // namespace

Action commands::doctor(Options) { return examine; }

}  // namespace workbook::cli
