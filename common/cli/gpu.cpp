#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "common/cli/command.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/system/units.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

struct GpuOptions {
  std::string action, results, impl, architecture, output;
  int limit = 480;
};

fs::path script(const Workspace& workspace, const char* name) { return workspace.root / "common/gpu" / name; }

bool gpu_is_here() { return fs::exists("/dev/nvidiactl") || fs::exists("/dev/dxg"); }

/// Whose lessons: the solutions where there are any.
std::string implementation(const GpuOptions& options, const Workspace& workspace) {
  if (options.impl.empty()) return fs::exists(workspace.root / "solutions") ? "solution" : "mine";
  if (options.impl == "mine" || options.impl == "solution") return options.impl;
  throw UsageError(fmt::format("expected --impl mine or solution, found \"{}\"", options.impl));
}

/// Builds in a folder of its own, for any processor, and packs to `output`.
void build_and_pack(const Workspace& workspace, const GpuOptions& options, const std::string& architecture,
                    const fs::path& output, bool archive) {
  const std::string impl = implementation(options, workspace);
  require_packages(workspace, {"gpu"});
  Workspace there = workspace;
  there.build /= "gpu";
  Argv configure{"cmake",    "-S",  workspace.root.string(),
                 "--preset", "gpu", "-DWORKBOOK_GPU_ARCHITECTURE=" + architecture};
  // Where all is built already and nothing leaves the machine: a rehearsal.
  if (const char* elsewhere = std::getenv("WORKBOOK_GPU_BUILD_DIR")) {
    there.build = elsewhere;
    configure = {"cmake", "-S", workspace.root.string(), "-DWORKBOOK_GPU_ARCHITECTURE=" + architecture};
  }
  configure.insert(configure.end(), {"-B", there.build.string()});
  fs::create_directories(there.build);
  const FileLock lock = lock_build(there);
  const Ended cmake = run({.argv = configure, .folder = workspace.root, .env = {{"LC_ALL", "C"}}, .capture = true});
  if (!cmake.ok()) fail_build(there, cmake.output);
  if (!has_nvcc(there))
    throw Error("expected nvcc, which compiles for a GPU; found none. It is part of the CUDA Toolkit",
                exit_code(Verdict::not_verifiable_here));
  build_or_fail(there, {"gpu_pack." + impl}, "Building for a GPU");
  Argv pack{script(workspace, "pack.py"), workspace.root, there.build, output, impl};
  if (!archive) pack.emplace_back("--no-archive");
  if (!run({.argv = pack, .folder = {}}).ok()) throw Error("nothing was packed; what went wrong is told above");
}

int pack(const GpuOptions& options) {
  const Workspace workspace = find_workspace();
  const std::string architecture = options.architecture.empty() ? "90" : options.architecture;
  const fs::path output =
      fs::absolute(options.output.empty() ? workspace.build / "gpu-pack" : fs::path(options.output));
  if (fs::exists(output) && !fs::exists(output / "pack.tar.xz"))
    throw UsageError(fmt::format("expected --output of a new folder or an earlier pack, found {}", shown(output)));
  build_and_pack(workspace, options, architecture, output, true);
  const double size = static_cast<double>(fs::file_size(output / "pack.tar.xz"));
  fmt::print(
      "Packed for compute capability {}.{}: {} ({}).\nTake this folder to a machine with such a GPU, and run "
      "there:\n    python3 run.py --results results\nThen bring the folder `results` back:\n    {}\n",
      architecture.substr(0, architecture.size() - 1), architecture.back(), shown(output), size_text(size),
      call("gpu keep results"));
  return 0;
}

int run_here(const GpuOptions& options) {
  const Workspace workspace = find_workspace();
  if (!gpu_is_here()) {
    fmt::print(
        "This machine has no GPU (neither /dev/nvidiactl nor /dev/dxg), so nothing was measured. For another machine "
        "that has one: {}\n",
        call("gpu pack"));
    return exit_code(Verdict::not_verifiable_here);
  }
  const fs::path results =
      fs::absolute(options.results.empty() ? workspace.build / "gpu-results" : fs::path(options.results));
  const fs::path folder = workspace.build / "gpu-here";
  build_and_pack(workspace, options, options.architecture.empty() ? "native" : options.architecture, folder, false);
  fmt::print("When it has ended: {}\n", call("gpu keep " + shell_quoted(shown(results))));
  become({"python3", (folder / "run.py").string(), "--results", results.string(), "--limit",
          std::to_string(options.limit)});
}

int keep(const GpuOptions& options) {
  const Workspace workspace = find_workspace();
  if (options.results.empty()) throw UsageError("expected the folder that run.py has written: gpu keep RESULTS");
  if (!fs::is_directory(options.results))
    throw UsageError(fmt::format("expected the folder that run.py has written, found none at {}", options.results));
  require_packages(workspace, {"gpu"});
  become({script(workspace, "keep.py"), options.results});
}

/// "90", "100", "90a"
bool is_capability(std::string architecture) {
  if (architecture.ends_with('a')) architecture.pop_back();
  return (architecture.size() == 2 || architecture.size() == 3) &&
         architecture.find_first_not_of("0123456789") == std::string::npos;
}

int dispatch(const GpuOptions& options) {
  if (!options.architecture.empty() && options.architecture != "native" && !is_capability(options.architecture))
    throw UsageError(fmt::format("expected --architecture of a compute capability without its dot, like 90; found {}",
                                 options.architecture));
  if (options.limit < 1)
    throw UsageError(fmt::format("expected --limit of 1 or more seconds; found {}", options.limit));
  if (options.action == "pack") return pack(options);
  if (options.action == "run") return run_here(options);
  if (options.action == "keep") return keep(options);
  throw UsageError(fmt::format("expected gpu pack, run or keep, found \"{}\"", options.action));
}

}  // namespace

Action commands::gpu(Options options) {
  auto gpu = std::make_shared<GpuOptions>();
  options.required("action", gpu->action,
                   "pack: build everything for a bare machine with a GPU; run: measure on this machine's GPU; keep: "
                   "copy results into docs/");
  options.text("results", gpu->results,
               "run: the folder to write (default: build/gpu-results). keep: the folder to read");
  options.text("--impl", gpu->impl, "pack and run: take mine or solution (default: solution, where there are any)");
  options.text("--architecture", gpu->architecture,
               "compile for this compute capability (default: 90, which is 9.0; run: this machine's)");
  options.text("--output", gpu->output, "pack: the folder to write (default: build/gpu-pack)");
  options.number("--limit", gpu->limit, "run: seconds for everything (default: 480)");
  return [gpu] { return dispatch(*gpu); };
}

}  // namespace workbook::cli
