#include "common/bench/class_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/page.h"
#include "common/bench/table.h"

namespace workbook::bench {

namespace {

using Contest = std::pair<std::string, std::string>;  // a workload and a layer

std::vector<Contest> contests_of(const std::vector<Document>& documents) {
  std::vector<Contest> all;
  for (const Document& document : documents)
    for (const Case& c : document.cases)
      if (std::ranges::find(all, Contest{c.workload, c.layer}) == all.end()) all.emplace_back(c.workload, c.layer);
  return all;
}

/// Of attention with the same result, the share of peak orders cases as the time does.
const Case* fastest(const Document& document, const Contest& contest) {
  const Case* best = nullptr;
  for (const Case& c : document.cases)
    if (c.measured() && known(c.share_of_peak) && Contest{c.workload, c.layer} == contest &&
        (!best || c.share_of_peak > best->share_of_peak))
      best = &c;
  return best;
}

double best_share(const Document& document, const std::vector<Contest>& contests) {
  double share = 0;
  for (const Contest& contest : contests)
    if (const Case* const best = fastest(document, contest)) share = std::max(share, best->share_of_peak);
  return share;
}

/// "2 right, 1 wrong, 4 not started".
std::string counted(const Document& document) {
  const auto count = [&](const char* status) { return std::ranges::count(document.cases, status, &Case::status); };
  std::string text = fmt::format("{} right", count(status::kMeasured));
  for (const char* status : {status::kWrong, status::kFailed, status::kNotStarted})
    if (count(status) > 0) text += fmt::format(", {} {}", count(status), status);
  return text;
}

std::string leaderboard(const std::vector<const Document*>& order, const std::vector<Contest>& contests) {
  std::string text = "<div class=\"wide\"><table>\n<tr>" + cell("th", "", "") + cell("th", "who", "text");
  for (const auto& [workload, layer] : contests) text += cell("th", layer + " on " + workload, "");
  text += cell("th", "cases", "text") + "</tr>\n";
  for (std::size_t i = 0; i < order.size(); ++i) {
    text += "<tr>" + cell("td", fmt::format("{}", i + 1), "") + cell("td", order[i]->person, "text");
    for (const Contest& contest : contests) {
      const Case* const best = fastest(*order[i], contest);
      text += cell("td", best ? fmt::format("{:.0f} %, {}", 100 * best->share_of_peak, base_name(*best)) : "", "");
    }
    text += cell("td", counted(*order[i]), "text") + "</tr>\n";
  }
  return text + "</table></div>\n";
}

}  // namespace

std::string class_page(const std::vector<Document>& documents) {
  const std::vector<Contest> contests = contests_of(documents);
  std::vector<const Document*> order;
  for (const Document& document : documents) order.push_back(&document);
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](const Document* document) { return best_share(*document, contests); });
  std::string text =
      "<h1>Leaderboard</h1>\n<p>What each student handed in, measured one after the other on this machine. The number "
      "is the share of the peak of fused multiply-adds that the fastest right backend reaches. It has no part in any "
      "grade, because a program that knows that it is measured can lie about its time.</p>\n";
  if (!documents.empty())
    text += cell("p", documents.front().machine.date + ". " + machine_text(documents.front().machine), "muted") + "\n";
  text += leaderboard(order, contests);
  for (const Document* document : order) {
    text += cell("h2", document->person, "") + "\n";
    for (const std::string& note : document->notes) text += cell("p", note, "muted") + "\n";
    for_each_workload(document->cases,
                      [&](std::size_t first, std::size_t last) { text += case_table(document->cases, first, last); });
  }
  return html_page("Leaderboard", text);
}

}  // namespace workbook::bench
