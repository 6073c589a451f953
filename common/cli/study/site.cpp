#include "common/cli/study/site.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "common/cli/hints.h"
#include "common/cli/progress.h"
#include "common/cli/study/gate.h"
#include "common/cli/study/plain_page.h"
#include "common/cli/study/predictions.h"
#include "common/cli/your_work.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/text.h"
#include "common/workspace/state.h"

namespace workbook::cli::study {

using nlohmann::json;

namespace {

constexpr auto kIndex = "/index.html";

Reply json_reply(const json& document, int status = 200) {
  return {status, "application/json", document.dump(-1, ' ', false, json::error_handler_t::replace)};
}

Reply file_reply(const fs::path& file) {
  auto content = read_file(file);
  if (!content) return refusal(404, "There is no such page.");
  return {.type = std::string(content_type(file)), .body = *std::move(content)};
}

/// The page with the panel: it knows which lesson it is about.
std::string with_panel(std::string page, const std::string& lesson) {
  const std::size_t end = page.rfind("</body>");
  if (end == page.npos) return page;
  std::string added = R"(<link rel="stylesheet" href="/study/panel.css"/>)";
  for (const char* script : {"elements", "detail", "in_text", "panel", "place"})
    added += fmt::format(R"(<script src="/study/{}.js" data-lesson="{}"></script>)", script, lesson);
  return page.insert(end, added);
}

/// "lessons/02_x/figure.svg" is "lessons-02_x-figure.svg" on the site, as in the built pages.
std::string flat(std::string path) {
  std::ranges::replace(path, '/', '-');
  return path;
}

/// Without the documentation: the list of lessons.
std::string plain_index(const Catalog& catalog) {
  std::string body = "<h1>Attention Workbook</h1>\n<ul>\n";
  for (const Lesson& lesson : catalog.lessons)
    body += fmt::format("<li><a href=\"{}\">{} · {}</a><br/>{}</li>\n", page_address(lesson), lesson.number,
                        escaped(lesson.title), escaped(lesson.summary));
  return plain_page("Attention Workbook", body + "</ul>\n");
}

/// Without the documentation: the README of a lesson.
std::string plain_lesson(const Lesson& lesson, const Catalog& catalog) {
  const auto address = [&](std::string_view target) -> std::string {
    const std::string path = fs::path(lesson.folder.filename() / target.substr(0, target.find('#'))).lexically_normal();
    if (path.ends_with(".svg")) return "/lessons-" + flat(path);
    for (const Lesson& other : catalog.lessons)
      if (path == other.id + "/README.md") return page_address(other);
    return "";
  };
  const std::string text = read_file(lesson.folder / "README.md").value_or("This lesson has no README.md.");
  return plain_page(lesson.title, html_of_markdown(text, address));
}

}  // namespace

std::string page_address(const Lesson& lesson) { return "/lesson_" + lesson.id + ".html"; }

Reply refusal(int status, const std::string& sentence) {
  return {status, "text/plain; charset=utf-8", sentence + '\n'};
}

Site::Site(const Book& book, std::optional<fs::path> documentation, Desk& desk)
    : book_(book), documentation_(std::move(documentation)), desk_(desk) {}

const Lesson* Site::lesson(const std::string& id) const {
  const auto found = std::ranges::find(book_.catalog.lessons, id, &Lesson::id);
  return found == book_.catalog.lessons.end() ? nullptr : &*found;
}

Reply Site::page(const std::string& path) const {
  const auto& lessons = book_.catalog.lessons;
  const auto of = std::ranges::find(lessons, path, page_address);
  const std::string id = of == lessons.end() ? "" : of->id;
  if (documentation_) {
    const auto file = file_in(*documentation_, path);
    if (!file) return refusal(404, "There is no such page.");
    Reply reply = file_reply(*file);
    if (!id.empty() || path == kIndex) reply.body = with_panel(std::move(reply.body), id);
    return reply;
  }
  if (path == kIndex) return {.body = with_panel(plain_index(book_.catalog), "")};
  if (!id.empty()) return {.body = with_panel(plain_lesson(*of, book_.catalog), id)};
  for (const Lesson& lesson : lessons) {
    const std::string prefix = "/" + flat("lessons/" + lesson.id + "/");
    if (!path.starts_with(prefix) || !path.ends_with(".svg")) continue;
    if (const auto file = file_in(lesson.folder, "/" + path.substr(prefix.size()))) return file_reply(*file);
  }
  return refusal(404, "There is no such page.");
}

Reply Site::get(const std::string& path, const std::string& id) const {
  if (path == "/") return get(kIndex, id);
  if (path == "/favicon.ico") return {.status = 204, .type = "image/x-icon"};  // browsers ask for it by themselves
  if (!path.starts_with("/study/")) return page(path);
  if (const auto file = file_in(book_.workspace.root / "docs/study", path.substr(6))) return file_reply(*file);
  const Lesson* about = lesson(id);
  if (path != "/study/changes" || about == nullptr) return refusal(404, "There is no such page.");
  const std::lock_guard lock(work_);
  try {
    return json_reply({{"changes", changes_text(book_.workspace, *about, false)}});
  } catch (const Error& error) {
    return json_reply({{"problem", trimmed(error.what())}}, 409);
  }
}

Reply Site::hints(const Lesson& lesson, int todo, bool more) {
  const auto exercise = std::ranges::find(lesson.exercises, todo, &Exercise::todo);
  if (exercise == lesson.exercises.end())
    throw UsageError(fmt::format("expected a TODO of lesson {}, found {}", lesson.number, todo));
  const auto all = hints_of(lesson, *exercise);
  if (more || hints_seen(book_.workspace, lesson, todo) == 0) count_hint(book_.workspace, lesson, todo, false);
  const int last = hints_seen(book_.workspace, lesson, todo);
  return json_reply({{"todo", todo},
                     {"function", exercise->function},
                     {"levels", kHintLevels},
                     {"hints", std::vector<std::string>(all.begin(), all.begin() + last)}});
}

Reply Site::post(const std::string& path, const std::string& body) try {
  const json asked = json::parse(body);
  const Lesson* about = lesson(asked.at("lesson").get<std::string>());
  if (about == nullptr) throw UsageError("expected the id of a lesson, found another");
  const std::lock_guard lock(work_);
  if (path == "/study/hint") return hints(*about, asked.at("todo").get<int>(), asked.value("more", false));
  if (path == "/study/judge") {
    desk_.wish({Wish::Kind::judge, about->id});
    return json_reply(json::object());
  }
  if (path == "/study/prediction") {
    keep_prediction(book_.workspace, *about, asked.at("label").get<std::string>(), asked.at("text").get<std::string>());
    desk_.wish({Wish::Kind::look});
    return json_reply(json::object());
  }
  if (path != "/study/reset" && path != "/study/restore") return refusal(404, "There is nothing to ask for here.");
  if (!asked.at("confirmed").get<bool>()) throw UsageError("expected a confirmation, found none");
  json said = json::array();
  const auto say = [&](const std::string& sentence) { said.push_back(sentence); };
  if (path == "/study/restore")
    restore_files(book_.workspace, *about, say);
  else if (is_edited(book_.workspace, *about))
    reset_files(book_.workspace, *about, say);
  else
    say(fmt::format("Lesson {} is as it was handed out.", about->number));
  if (said.empty()) say(fmt::format("No other work of lesson {} is kept.", about->number));
  return json_reply({{"said", said}});
} catch (const json::exception&) {
  return json_reply({{"problem", "The request is not as expected."}}, 400);
} catch (const Error& error) {
  return json_reply({{"problem", trimmed(error.what())}}, error.exit_code == UsageError::kUsage ? 400 : 409);
}

}  // namespace workbook::cli::study
