#include "common/options/bench.h"

#include <thread>

#include "common/options/parse.h"

namespace workbook::bench {

namespace {

void declare_run(CLI::App& app, RunCommand& c) {
  std::string workloads = "Workloads: all, backend, core";
  for (const char* name : kWorkloads) workloads += std::string(", ") + name;
  app.add_option(
      "lesson", c.lesson,
      "A lesson's number, for a short look: its backends, yours and the solution's, beside lesson 08's flash. Or mine: "
      "all that you have written, beside the solutions and judged by your own lesson 22");
  app.add_option("--plugins", c.plugins, "Folder of the lessons' plugins")->group("");
  app.add_option("--sandbox", c.sandbox, "A word of the command that confines a worker")->group("");
  app.add_option("--board", c.board, "The board, as `list --json` prints it")->group("");
  app.add_option("--broken", c.broken, "A lesson that does not compile")->group("");
  app.add_option("--save", c.save, "Folder for the results of `mine`")->group("");
  app.add_option("--worker", c.worker, "The worker to load them with")->group("");
  app.add_option("--models", c.models, workloads)->delimiter(',');
  app.add_option("--layers", c.layers, "Layers: multi-head, latent, linear, ... (default: all)")->delimiter(',');
  app.add_option("--backends", c.backends, "Backends: unfused, fused, flash, ... (default: all)")->delimiter(',');
  app.add_option("--impl", c.impl, "Whose lessons: solution or mine")->check(CLI::IsMember({"solution", "mine"}));
  app.add_option("--device", c.device, "cpu or cuda (default: cpu, or both for `mine`)");
  app.add_option("--dtype", c.dtype, "Only backends of this type: float32, float16, bfloat16 (default: all)");
  app.add_option("--num-runs,--num_runs", c.num_runs,
                 "Timed runs of each case that count (default: 5, or 3 for one lesson, or 6 for `mine`)")
      ->check(CLI::Range(1, 10000));
  app.add_option("--warmup", c.warmup, "Runs before them")->check(CLI::Range(0, 1000));
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  app.add_option("--threads", c.threads,
                 "Threads of a layer: they share its heads and the rows of its products (default: 1, "
                 "or all cores for one lesson)")
      ->check(CLI::Range(1, cores));
  app.add_option("--scale", c.scale,
                 "Divide the number of heads and channels by N (default: the smallest power of two that fits memory)")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--sweep", c.sweep, "seq: lengths 512 to 8192; hidden: widths 4096 to 16384");
  app.add_option("--batch", c.batch, "Other extents than the workload's: sequences")->check(CLI::Range(1, 1 << 20));
  app.add_option("--seq", c.seq, "Tokens in a sequence")->check(CLI::Range(1, 1 << 20));
  app.add_option("--d-model", c.d_model, "Width of the layer")->check(CLI::Range(1, 1 << 20));
  app.add_option("--heads", c.heads, "Query heads")->check(CLI::Range(1, 1 << 20));
  app.add_option("--kv-heads", c.kv_heads, "KV heads of the grouped-query layer")->check(CLI::Range(1, 1 << 20));
  app.add_flag("--peers", c.peers,
               "PyTorch, where python3 has it, and ONNX Runtime, where node has it, join the same run");
  app.add_flag("--calibrate", c.calibrate,
               "Fit lesson 13's time model to attention alone at many lengths, and show what it predicts");
  auto* json = app.add_flag("--json", c.format.json, "Print one JSON document");
  auto* csv = app.add_flag("--csv", c.format.csv, "Print comma-separated values")->excludes(json);
  auto* markdown = app.add_flag("--markdown", c.format.markdown, "Print Markdown")->excludes(json)->excludes(csv);
  app.add_flag("--console", c.format.console, "Print mean ± std, peak memory, MSE and mean result")
      ->excludes(json)
      ->excludes(csv)
      ->excludes(markdown);
}

}  // namespace

void declare(CLI::App& app, RunCommand& c) {
  declare_run(app, c);
  app.require_subcommand(0, 1);
  auto* report = app.add_subcommand("report", "One HTML page from files that --json printed");
  report->add_option("files", c.files, "Results")->check(CLI::ExistingFile);
  report->add_flag("--mine", c.mine, "The page of what `bench mine` has measured last");
  report->add_flag("--class", c.of_class, "Each file is a student's")->group("");
  report->add_flag("--markdown", c.format.markdown, "Markdown in place of HTML: tables of layers by backends");
  report->add_option("--output", c.output, "The page's file (default: standard output)");
  auto* compare = app.add_subcommand("compare", "What changed from one file to another beyond the noise");
  compare->add_option("files", c.files, "Before, after")->required()->expected(2)->check(CLI::ExistingFile);
}

std::optional<std::string> help_asked_for(const std::string& self, const std::vector<std::string>& arguments) {
  CLI::App app("Times attention layers, after their results were verified", self + " bench");
  RunCommand asked;
  declare(app, asked);
  return workbook::help_asked_for(app, arguments);
}

}  // namespace workbook::bench
