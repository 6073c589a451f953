#include "common/cli/study/predictions.h"

#include <algorithm>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/json.h"
#include "common/system/text.h"
#include "common/system/utf8.h"
#include "common/workspace/state.h"

namespace workbook::cli::study {

using nlohmann::json;

namespace {

constexpr auto kPredictions = "predictions.json";

}  // namespace

std::map<std::string, std::string> read_predictions(const Workspace& workspace, const Lesson& lesson) {
  std::map<std::string, std::string> texts;
  const json state = read_state(workspace, kPredictions);
  const auto found = state.find(lesson.id);
  if (found == state.end() || !found->is_object()) return texts;
  for (const auto& [label, text] : found->items())
    if (text.is_string()) texts[label] = text.get<std::string>();
  return texts;
}

void keep_prediction(const Workspace& workspace, const Lesson& lesson, const std::string& label,
                     const std::string& text) {
  if (std::ranges::find(lesson.predictions, label, &Prediction::label) == lesson.predictions.end())
    throw UsageError(fmt::format("expected a prediction of lesson {}, found {}", lesson.number, system::quoted(label)));
  const std::string kept(trimmed(printable(text, text.size())));
  const auto length = static_cast<std::size_t>(system::width(kept));
  if (length > kLongestPrediction)
    throw UsageError(fmt::format("expected at most {} characters, found {}", kLongestPrediction, length));
  update_state(workspace, kPredictions, [&](json& state) {
    json& entry = state[lesson.id];
    if (!entry.is_object()) entry = json::object();
    if (kept.empty())
      entry.erase(label);
    else
      entry[label] = kept;
  });
}

}  // namespace workbook::cli::study
