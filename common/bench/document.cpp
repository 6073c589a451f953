#include "common/bench/document.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "common/system/json.h"

namespace workbook::bench {

namespace {

using Json = nlohmann::ordered_json;

/// Calls visit(name, member) for every member, in the order of the file: written and read by one list.
template <class C, class Visit>
void for_each_member(C& c, const Visit& visit) {
  visit("workload", c.workload);
  visit("layer", c.layer);
  visit("backend", c.backend);
  visit("device", c.device);
  visit("causal", c.causal);
  visit("median_s", c.median_s);
  visit("gflops", c.gflops);
  visit("share_of_peak", c.share_of_peak);
  visit("workspace_bytes", c.workspace_bytes);
  visit("max_error", c.max_error);
  visit("verified", c.verified);
  visit("noisy", c.noisy);
  visit("status", c.status);
  visit("problem", c.problem);
  visit("note", c.note);
  visit("family", c.family);
  visit("x", c.x);
  visit("lesson", c.lesson);
  visit("impl", c.impl);
  visit("dtype", c.dtype);
  visit("scale", c.scale);
  visit("batch", c.extents.batch);
  visit("q_len", c.extents.q_len);
  visit("kv_len", c.extents.kv_len);
  visit("d_model", c.extents.d_model);
  visit("heads", c.extents.heads);
  visit("kv_heads", c.extents.kv_heads);
  visit("head_dim", c.extents.head_dim);
  visit("runs", c.runs);
  visit("tries", c.tries);
  visit("mean_s", c.mean_s);
  visit("std_s", c.std_s);
  visit("intensity", c.intensity);
  visit("share_of_roof", c.share_of_roof);
  visit("peak_bytes", c.peak_bytes);
  visit("estimate_bytes", c.estimate_bytes);
  visit("error_limit", c.error_limit);
  visit("mse", c.mse);
  visit("mean_result", c.mean_result);
  visit("speedup", c.speedup);
  visit("memory_saved", c.memory_saved);
  visit("predicted_s", c.predicted_s);
}

template <class J, class Visit>
void for_each_own_member(J& own, const Visit& visit) {
  visit("low_s", own.low_s);
  visit("high_s", own.high_s);
  visit("drift", own.drift);
  visit("drifts", own.drifts);
  visit("outliers", own.outliers);
  visit("limit", own.limit);
}

template <class R, class Visit>
void for_each_rival_member(R& rival, const Visit& visit) {
  visit("name", rival.name);
  visit("low", rival.low);
  visit("speedup", rival.speedup);
  visit("high", rival.high);
  visit("outcome", rival.outcome);
}

template <class L, class Visit>
void for_each_board_member(L& line, const Visit& visit) {
  visit("id", line.lesson);
  visit("title", line.title);
  visit("verdict", line.verdict);
  visit("points", line.points);
  visit("max_points", line.max_points);
}

template <class M, class Visit>
void for_each_machine_member(M& m, const Visit& visit) {
  visit("processor", m.processor);
  visit("cores", m.cores);
  visit("threads", m.threads);
  visit("memory_bytes", m.memory_bytes);
  visit("peak_gflops", m.peak_gflops);
  visit("bandwidth_gbs", m.bandwidth_gbs);
  visit("products", m.products);
  visit("command", m.command);
  visit("date", m.date);
}

void put(Json& json, const char* name, double value) { json[name] = known(value) ? Json(value) : Json(nullptr); }
template <class T>
void put(Json& json, const char* name, const T& value) {
  json[name] = value;
}

/// A member that is not there keeps its default: older and other files can be read.
template <class T>
void take(const Json& json, const char* name, T& value) {
  const auto found = json.find(name);
  if (found == json.end()) return;
  if constexpr (std::is_same_v<T, double>)
    value = found->is_null() ? kUnknown : found->template get<double>();
  else
    value = found->template get<T>();
}

/// What a list of members writes and reads.
template <class List, class T>
Json to_object(const List& for_each, const T& value) {
  Json json = Json::object();
  for_each(value, [&](const char* name, const auto& member) { put(json, name, member); });
  return json;
}

Json own_to_json(const Judged& own) {
  Json json = to_object([](auto& j, const auto& visit) { for_each_own_member(j, visit); }, own);
  json["rivals"] = Json::array();
  for (const Rival& rival : own.rivals)
    json["rivals"].push_back(to_object([](auto& r, const auto& visit) { for_each_rival_member(r, visit); }, rival));
  return json;
}

Judged own_from_json(const Json& json) {
  Judged own;
  for_each_own_member(own, [&](const char* name, auto& value) { take(json, name, value); });
  for (const Json& one : json.at("rivals"))
    for_each_rival_member(own.rivals.emplace_back(), [&](const char* name, auto& value) { take(one, name, value); });
  return own;
}

std::vector<BoardLine> board_from_json(const Json& lines) {
  std::vector<BoardLine> board;
  for (const Json& line : lines)
    for_each_board_member(board.emplace_back(), [&](const char* name, auto& value) { take(line, name, value); });
  return board;
}

Json pairs_to_json(const auto& pairs) {
  Json json = Json::object();
  for (const auto& [name, value] : pairs) json[name] = value;
  return json;
}

}  // namespace

std::string base_name(const Case& c) {
  const std::string ending = " (" + c.impl + ")";
  return c.backend.ends_with(ending) ? c.backend.substr(0, c.backend.size() - ending.size()) : c.backend;
}

bool is_attention_alone(const Case& c) {
  const bool other = c.layer == "training" || c.layer == "linear" || c.layer == "softmax-feature";
  return c.extents.d_model == 1 && !other;
}

/// How well a row serves as the baseline of another: 0 not at all, 1 it is of the same workload, then of the same
/// layer, of the same implementation, and of the same type.
static int fitness(const Case& baseline, const Case& c, const std::string& name) {
  if (!baseline.measured() || baseline.workload != c.workload) return 0;
  const bool beside = baseline.layer == c.layer && baseline.device == c.device;
  const std::string plain = baseline.backend == name ? name : base_name(baseline);
  if (beside && baseline.dtype == c.dtype && plain == name + " " + c.dtype) return 4;
  if (plain != name) return 0;
  return !beside ? 1 : baseline.impl != c.impl ? 2 : 3;
}

void compare_with_baselines(std::vector<Case>& cases, const std::string& name) {
  for (Case& c : cases) {
    const Case* baseline = nullptr;
    for (const Case& other : cases)
      if (fitness(other, c, name) > (baseline ? fitness(*baseline, c, name) : 0)) baseline = &other;
    if (!baseline || !c.measured()) continue;
    c.speedup = baseline->median_s / c.median_s;
    c.memory_saved = 1 - c.workspace_bytes / baseline->workspace_bytes;
  }
}

std::string to_json(const Document& document) {
  Json json{{"machine", Json::object()},
            {"notes", document.notes},
            {"cases", Json::array()},
            {"capabilities", Json::array()}};
  for_each_machine_member(document.machine,
                          [&](const char* name, const auto& value) { put(json["machine"], name, value); });
  for (const Case& c : document.cases) {
    Json one = Json::object();
    for_each_member(c, [&](const char* name, const auto& value) { put(one, name, value); });
    if (!c.counts.empty()) one["counts"] = pairs_to_json(c.counts);
    if (!c.seconds.empty()) one["seconds"] = c.seconds, one["own"] = own_to_json(c.own);
    json["cases"].push_back(std::move(one));
  }
  for (const Capability& c : document.capabilities)
    json["capabilities"].push_back({{"backend", c.backend},
                                    {"lesson", c.lesson},
                                    {"device", c.device},
                                    {"formula", c.formula},
                                    {"takes", pairs_to_json(c.takes)}});
  if (!document.person.empty()) json["person"] = document.person;
  if (!document.model.empty()) json["model"] = document.model;
  for (const BoardLine& line : document.board)
    json["board"].push_back(to_object([](auto& l, const auto& visit) { for_each_board_member(l, visit); }, line));
  return json.dump(1) + "\n";
}

Document from_json(const std::string& text) try {
  const Json json = Json::parse(text);
  Document document;
  for_each_machine_member(document.machine, [&](const char* n, auto& value) { take(json.at("machine"), n, value); });
  take(json, "notes", document.notes);
  take(json, "model", document.model);
  take(json, "person", document.person);
  for (const Json& one : json.at("cases")) {
    Case c;
    for_each_member(c, [&](const char* name, auto& value) { take(one, name, value); });
    if (one.contains("counts"))
      for (const auto& [name, value] : one["counts"].items()) c.counts.emplace_back(name, value.get<double>());
    if (one.contains("own")) c.own = own_from_json(one["own"]);
    take(one, "seconds", c.seconds);
    document.cases.push_back(std::move(c));
  }
  for (const Json& one : json.value("capabilities", Json::array())) {
    Capability c{one.at("backend"), one.at("lesson"), one.at("device"), one.at("formula"), {}};
    for (const auto& [name, value] : one.at("takes").items()) c.takes.emplace_back(name, value.get<std::string>());
    document.capabilities.push_back(std::move(c));
  }
  document.board = board_from_json(json.value("board", Json::array()));
  return document;
} catch (const nlohmann::json::exception& e) {
  throw std::runtime_error(std::string("expected the JSON that bench --json prints; ") + e.what());
}

Document read_document(const std::string& path) try {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("expected a file; found none");
  return from_json({std::istreambuf_iterator<char>(file), {}});
} catch (const std::exception& e) {
  throw std::runtime_error(path + ": " + e.what());
}

std::string to_csv(const std::vector<Case>& cases) {
  const auto cell = [](const auto& value) -> std::string {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
      std::string quoted = "\"";
      for (const char ch : value) quoted += ch == '"' ? "\"\"" : std::string(1, ch);
      return value.find_first_of(",\"\n") == std::string::npos ? value : quoted + "\"";
    } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) {
      return known(value) ? fmt::format("{}", value) : "";
    } else {
      return fmt::format("{}", value);
    }
  };
  std::string text;
  const auto line = [&](const Case& c, bool header) {
    std::string row;
    for_each_member(c, [&](const char* name, const auto& value) {
      row += (row.empty() ? "" : ",") + (header ? std::string(name) : cell(value));
    });
    text += row + "\n";
  };
  line(Case(), true);
  for (const Case& c : cases) line(c, false);
  return text;
}

}  // namespace workbook::bench
