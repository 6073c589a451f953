#include "common/bench/command_line.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include "common/bench/class_page.h"
#include "common/bench/compare.h"
#include "common/bench/console.h"
#include "common/bench/cost.h"
#include "common/bench/mine_page.h"
#include "common/bench/mine_table.h"
#include "common/bench/one_lesson.h"
#include "common/bench/own_method.h"
#include "common/bench/own_model.h"
#include "common/bench/peer.h"
#include "common/bench/pivot.h"
#include "common/bench/report.h"
#include "common/bench/table.h"
#include "common/system/json.h"

namespace workbook::bench {

namespace {

/// As the driver names the first GPU.
std::string gpu_model() {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!driver) return kNoGpu;
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto get = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto name_of = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  int device = 0;
  char name[256] = "";
  if (!init || !get || !name_of || init(0) != 0 || get(&device, 0) != 0 || name_of(name, sizeof name, device) != 0)
    return kNoGpu;
  return name;
}

Machine describe_machine(const RunCommand& command) {
  Machine machine{.processor = "unknown processor",
                  .cores = static_cast<int>(std::thread::hardware_concurrency()),
                  .threads = command.threads,
                  .command = command.line};
  std::ifstream processors("/proc/cpuinfo"), memory("/proc/meminfo");
  for (std::string line; std::getline(processors, line);)
    if (line.starts_with("model name")) {
      machine.processor = line.substr(line.find(": ") + 2);
      break;
    }
  for (std::string line; std::getline(memory, line);)
    if (line.starts_with("MemTotal:")) machine.memory_bytes = std::stoll(line.substr(9)) * 1024;
  if (command.device == "cuda") machine.processor = gpu_model() + "; host " + machine.processor;
  const std::time_t now = std::time(nullptr);
  char date[sizeof "2026-01-01"];
  if (std::strftime(date, sizeof date, "%Y-%m-%d", std::localtime(&now)) > 0) machine.date = date;
  return machine;
}

/// The workload with the extents that were given in place of its own.
Workload customised(Workload workload, const RunCommand& c) {
  if (!c.batch && !c.seq && !c.d_model && !c.heads && !c.kv_heads) return workload;
  Extents& e = workload.extents;
  e.batch = c.batch.value_or(e.batch);
  if (c.seq) e.q_len = e.kv_len = *c.seq;
  e.d_model = c.d_model.value_or(e.d_model);
  e.heads = c.heads.value_or(e.heads);
  e.kv_heads = c.kv_heads.value_or(std::gcd(e.kv_heads, e.heads));
  if (workload.projections && (c.d_model || c.heads)) {
    if (e.d_model % e.heads != 0)
      throw std::invalid_argument(
          fmt::format("expected --heads that divide --d-model {}; found {}", e.d_model, e.heads));
    e.head_dim = e.d_model / e.heads;
  }
  if (e.heads % e.kv_heads != 0)
    throw std::invalid_argument(
        fmt::format("expected --kv-heads that divide the {} heads; found {}", e.heads, e.kv_heads));
  workload.name += "*";
  return workload;
}

std::vector<Workload> chosen_workloads(const RunCommand& c) {
  std::vector<std::string> models = c.models;
  if (models.empty()) models = {c.sweep.empty() ? "seed_layer" : c.sweep == "hidden" ? "llama3_70b" : "core_d64"};
  std::vector<Workload> workloads;
  for (const std::string& name : models)
    for (const Workload& workload : workloads_named(name)) {
      const Workload custom = customised(workload, c);
      const std::vector<Workload> points = c.sweep.empty() ? std::vector{custom} : sweep(custom, c.sweep);
      workloads.insert(workloads.end(), points.begin(), points.end());
    }
  return workloads;
}

/// The plugins that were asked for: of one lesson, and for kMine, by both implementations unless one is named.
std::vector<Origin> chosen_origins(const RunCommand& c) {
  if (c.lesson.empty()) return plugin_origins(c.plugins, c.impl.empty() ? "solution" : c.impl, c.worker, c.sandbox);
  std::vector<Origin> all;
  for (const std::string impl : {"mine", "solution"})
    if (c.impl.empty() || c.impl == impl)
      std::ranges::copy(plugin_origins(c.plugins, impl, c.worker), std::back_inserter(all));
  return c.lesson == kMine ? all : origins_of_lesson(all, c.lesson);
}

Options options_for(const RunCommand& c, const std::vector<Origin>& origins) {
  Options options{.workloads = chosen_workloads(c),
                  .layers = c.layers,
                  .backends = c.backends,
                  .origins = origins,
                  .device = c.device,
                  .dtype = c.dtype,
                  .num_runs = c.num_runs,
                  .warmup = c.warmup,
                  .threads = c.threads,
                  .memory = available_memory() * 9 / 10};
  if (!c.lesson.empty() && c.lesson != kMine) restrict_to_lesson(options);
  if (c.peers) options.origins.push_back(torch_origin(c.threads));
  if (c.peers && c.device == "cpu") options.origins.push_back(onnx_origin());
  return options;
}

/// Whose lessons judge and predict.
std::string own_impl(const RunCommand& c) { return !c.impl.empty() ? c.impl : c.lesson == kMine ? kMine : "solution"; }

/// The plugin that offers the interface, which lies beside those of the backends.
std::string plugin_for(const char* interface, const RunCommand& c) {
  return own_plugin(std::filesystem::path(c.plugins).parent_path() / interface, own_impl(c));
}

/// What `list --json` prints: an array "lessons". Nothing, without a file.
std::vector<BoardLine> read_board(const std::string& path) {
  std::ifstream file(path);
  std::vector<BoardLine> board;
  if (path.empty() || !file) return board;
  const nlohmann::json listed = nlohmann::json::parse(file);
  for (const auto& one : listed.at("lessons")) {
    const bool known = one.at("verdict").is_string();
    std::string verdict = known ? one["verdict"].get<std::string>() : "not started";
    std::ranges::replace(verdict, '_', ' ');
    if (one.at("edited")) verdict = "changed since its last test";
    board.push_back({one.at("id"), one.at("title"), verdict, one.at("points"), one.at("max_points")});
  }
  return board;
}

/// The file is whole or as it was.
void save(const Document& document, const std::string& path) {
  const std::string part = path + ".part";
  std::ofstream out(part);
  if (!(out << to_json(document)) || !out.flush()) throw std::runtime_error("cannot write " + part);
  out.close();
  std::filesystem::rename(part, path);
}

}  // namespace

Document run(const RunCommand& command, const Progress& progress, const Stop& stop) {
  const std::vector<Origin> origins = chosen_origins(command);
  const RunCommand c = completed(command, origins);
  Options options = options_for(c, origins);
  Document document{.machine = describe_machine(c)};
  const std::vector<Offer> offers = find_offers(options, &document.notes);
  for (const Offer& offer : offers)
    if (document.machine.products.empty()) document.machine.products = offer.planner->multiplier();
  for (const std::string& note : document.notes) fmt::print(stderr, "bench: {}\n", note);
  if (c.scale > 0)
    for (Workload& workload : options.workloads) workload = scaled(workload, c.scale);
  else
    fit_to_memory(options, offers);

  OwnMethod method(plugin_for("method", c), c.worker);
  if (c.lesson == kMine) {
    options.keep_series = true;
    options.tries = 2;  // its method compares runs of the same round, which were disturbed alike
    options.order = [&](int cases, int rounds) { return method.order(cases, rounds); };
  }
  Ceilings ceilings = measure_ceilings(options);
  document.cases = run_benchmark(options, offers, ceilings, progress, stop);
  compare_with_ceilings(document.cases, document.machine, ceilings);
  if (c.lesson == kMine && is_here(c.device)) {
    method.judge(document.cases, document.machine);
    compare_with_baselines(document.cases, options.baseline);
    compare_with_ceilings(document.cases, document.machine, ceilings);
    for (const std::string& problem : method.problems()) document.notes.push_back("your " + problem);
  }
  if (c.lesson == kMine || c.calibrate)
    document.model = predict(document.cases, own_impl(c), plugin_for("selector", c), c.worker);
  const bool probes = (c.lesson.empty() || c.lesson == kMine) && c.sandbox.empty();
  if (!stop() && probes && is_here(c.device)) document.capabilities = probe_capabilities(options, offers);
  return document;
}

std::vector<Document> run_mine(const RunCommand& command, const Progress& progress, const Stop& stop) {
  std::vector<Document> documents;
  const bool one_document = command.format.json || command.format.csv;  // as whoever reads them expects
  const bool both = command.device.empty() && !one_document;
  for (const char* device : {"cpu", "cuda"}) {
    RunCommand one = command;
    if (both || (one.device.empty() && device == std::string("cpu"))) one.device = device;
    if (one.device != device || stop()) continue;
    try {
      documents.push_back(run(one, progress, stop));
    } catch (const std::invalid_argument&) {
      if (!both || (documents.empty() && device == std::string("cuda"))) throw;  // neither has anything to run
    }
  }
  if (documents.empty()) return documents;
  documents.front().board = read_board(command.board);
  for (const std::string& lesson : command.broken)
    documents.front().notes.push_back(lesson + " does not compile, and is not measured");
  for (const Document& document : documents)
    if (!command.save.empty() && !document.cases.empty())
      save(document, command.save + "/mine." + document.cases.front().device + ".json");
  return documents;
}

std::string rendered(const std::vector<Document>& documents, const Format& format) {
  if (format.markdown) return mine_as_markdown(documents);
  if (!format.json && !format.csv && !format.console) return mine_as_text(documents);
  std::string text;
  for (const Document& document : documents) text += rendered(document, format);
  return text;
}

std::string rendered(const Document& document, const Format& format) {
  if (format.json) return to_json(document);
  if (format.csv) return to_csv(document.cases);
  if (format.console) return as_console(document);
  return format.markdown ? as_markdown(document) : as_text(document);
}

int run_subcommand(const std::string& name, const RunCommand& c) {
  if (name == "compare") {
    fmt::print("{}", comparison(read_document(c.files.at(0)), read_document(c.files.at(1))));
    return 0;
  }
  if (c.files.empty()) throw std::invalid_argument("expected files that bench --json printed, or --mine; found none");
  std::vector<Document> documents;
  for (const std::string& file : c.files) documents.push_back(read_document(file));
  const std::string page = c.of_class ? class_page(documents)
                           : c.mine   ? (c.format.markdown ? mine_as_markdown(documents) : mine_page(documents))
                                      : (c.format.markdown ? as_pivot_tables(documents, c.line) : report(documents));
  if (c.output.empty()) {
    fmt::print("{}", page);
    return 0;
  }
  std::ofstream out(c.output);
  if (!(out << page)) throw std::runtime_error("cannot write " + c.output);
  return 0;
}

}  // namespace workbook::bench
