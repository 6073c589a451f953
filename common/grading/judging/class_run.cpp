#include "common/grading/judging/class_run.h"

#include <algorithm>
#include <mutex>
#include <set>

#include <fmt/core.h>

#include "common/grading/exports/page.h"
#include "common/grading/exports/write_results.h"
#include "common/grading/judging/class_bench.h"
#include "common/grading/judging/schedule.h"
#include "common/system/errors.h"
#include "common/system/sha256.h"
#include "common/workspace/build.h"
#include "common/workspace/hidden_hints.h"

namespace workbook::grading {

namespace {

/// A lesson of this run, with what is needed to grade it if somebody handed it in.
struct Prepared {
  GradedLesson lesson;
  LessonBuild build;
};

/// One submitted lesson. Equal contents have equal keys and are judged once.
struct Task {
  std::string student, key, name;
  const Prepared* lesson = nullptr;
  fs::path source;
  std::uint64_t seed = 0;  ///< of its random inputs
};

Policy read_policy(const fs::path& file, const workspace::Catalog& catalog) {
  if (file.empty()) return {};
  const auto text = system::read_file(file);
  if (!text)
    throw system::UsageError(fmt::format("expected a policy in {}, found no such file", workspace::shown(file)));
  std::vector<std::string> ids;
  for (const workspace::Lesson& lesson : catalog.lessons) ids.push_back(lesson.id);
  try {
    return parse_policy(*text, workspace::shown(file), ids);
  } catch (const system::Error& error) {
    throw system::UsageError(error.what());
  }
}

std::vector<const workspace::Lesson*> choose_lessons(const workspace::Catalog& catalog, const Policy& policy,
                                                     const std::vector<std::string>& wanted) {
  std::set<std::string> named;
  for (const std::string& name : wanted) named.insert(catalog.find(name).id);
  std::vector<const workspace::Lesson*> lessons;
  for (const workspace::Lesson& lesson : catalog.lessons)
    if (named.empty() ? policy.counts(lesson.id) : named.contains(lesson.id)) lessons.push_back(&lesson);
  if (lessons.empty()) throw system::UsageError("expected a lesson to grade, found none");
  if (policy.drop_lowest >= static_cast<int>(lessons.size()))
    throw system::UsageError(
        fmt::format("expected more lessons than the policy's \"drop_lowest\" leaves out, which is {}; found {}: "
                    "nothing would count",
                    policy.drop_lowest, lessons.size()));
  return lessons;
}

bool is_handed_in(const std::string& lesson, const std::vector<Submission>& submissions) {
  return std::ranges::any_of(submissions, [&](const Submission& submission) {
    return submission.files.contains(lesson) || submission.refused_files.contains(lesson);
  });
}

/// Of the lessons chosen, those that count: unless somebody named them, only what was handed in.
std::vector<const workspace::Lesson*> counting(const std::vector<const workspace::Lesson*>& chosen, bool named,
                                               ClassResult& result) {
  std::vector<const workspace::Lesson*> lessons;
  result.nobodys_count = named;
  for (const workspace::Lesson* lesson : chosen) {
    const bool handed_in = is_handed_in(lesson->id, result.book.submissions);
    if (!handed_in) result.nobodys.push_back(lesson->number);
    if (handed_in || named) lessons.push_back(lesson);
  }
  return lessons;
}

/// Builds what is needed. That is nothing for a lesson that nobody handed in, unless only its tests tell its points.
std::vector<Prepared> prepare(const workspace::Workspace& workspace,
                              const std::vector<const workspace::Lesson*>& lessons, const Gradebook& book) {
  const system::FileLock lock = workspace::lock_build(workspace);
  const auto stage = std::make_shared<Stage>(workspace);
  std::vector<Prepared> prepared;
  for (const workspace::Lesson* lesson : lessons) {
    const auto policy = book.policy.lessons.find(lesson->id);
    const bool has_points = policy != book.policy.lessons.end() && policy->second.points;
    if (has_points && !is_handed_in(lesson->id, book.submissions)) {
      prepared.push_back({{lesson->id, lesson->title, {}, {}}, {}});
      continue;
    }
    LessonBuild build = prepare_lesson(stage, lesson->id);
    GradedLesson graded{lesson->id, lesson->title, parse_test_list(build.tests), {}};
    const fs::path hidden = workspace.root / "testcases" / lesson->id / "hidden/hidden_test.cpp";
    graded.hints = workspace::hidden_hints(system::read_file(hidden).value_or(""));
    prepared.push_back({std::move(graded), std::move(build)});
  }
  return prepared;
}

/// A hash of all files that were taken for the lesson, names included.
std::string hash_of_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  std::string text;
  for (const fs::path& file : files)
    text += file.filename().string() + ' ' + system::sha256(system::read_file(file).value_or("")) + '\n';
  return system::sha256(text);
}

std::vector<Task> list_tasks(const std::vector<Submission>& submissions, const std::vector<Prepared>& lessons,
                             const Store& store, Origins& origins) {
  std::vector<Task> tasks;
  for (const Submission& submission : submissions)
    for (const Prepared& lesson : lessons) {
      const auto file = submission.files.find(lesson.lesson.id);
      if (file == submission.files.end()) continue;
      const std::string source = hash_of_files(file->second.parent_path());
      const std::string key =
          store.secret_hash(fmt::format("{} {} {}", source, lesson.lesson.id, lesson.build.fingerprint));
      // Other inputs for each content: what a submission may have kept of a hidden test is of no use to the next one.
      const std::string inputs = store.secret_hash("inputs " + source);
      origins[{submission.student, lesson.lesson.id}] = {key, source};
      tasks.push_back({submission.student, key, submission.student + " " + lesson.lesson.id, &lesson, file->second,
                       std::stoull(inputs.substr(0, 16), nullptr, 16)});
    }
  return tasks;
}

/// Of the tasks those without a result, each content once. Counts them all.
std::vector<const Task*> list_work(const std::vector<Task>& tasks, const Store& store, ClassResult& result) {
  std::set<std::string> listed;
  std::vector<const Task*> work;
  for (const Task& task : tasks) {
    if (store.find(task.key))
      ++result.kept;
    else if (listed.insert(task.key).second)
      work.push_back(&task);
    else
      ++result.equal;
  }
  result.judged = work.size();
  return work;
}

/// Judges what has no result. @returns the faults that stayed, by key.
std::map<std::string, std::string> judge_all(const std::vector<const Task*>& work, Store& store,
                                             const ClassOptions& options, ClassResult& result) {
  if (work.empty()) return {};
  const int slots = std::min(options.jobs, static_cast<int>(work.size()));
  const LessonJudge judge(slots, options.allow_weak_sandbox, store.scratch());
  result.sandbox = judge.tier();
  std::mutex mutex;
  std::vector<std::string> names;
  for (const Task* task : work) names.push_back(task->name);
  const auto faults = run_all(names, slots, [&](std::size_t i, int slot) -> Outcome {
    const Task& task = *work[i];
    const auto& tests = task.lesson->lesson.tests;
    const Attempt attempt = judge.judge(task.lesson->build, tests, task.source, task.seed, slot);
    {
      const std::lock_guard lock(mutex);
      result.time += attempt.timing;
      result.sandboxes += task.lesson->build.steps.size() + (attempt.result.compiled ? tests.size() : 0);
    }
    if (!attempt.fault.empty()) return {attempt.fault, ""};
    store.keep(task.key, attempt.result, attempt.timing);
    if (!attempt.result.compiled) return {"", "does not compile"};
    return {"", fmt::format("{} of {} points", points(attempt.result, tests), max_points(tests))};
  });
  std::map<std::string, std::string> by_key;
  for (const auto& [piece, fault] : faults) by_key[work[piece]->key] = fault;
  return by_key;
}

void collect(const std::vector<Task>& tasks, const Store& store, const std::map<std::string, std::string>& faults,
             ClassResult& result) {
  for (const Task& task : tasks) {
    const std::pair key(task.student, task.lesson->lesson.id);
    if (auto graded = store.find(task.key))
      result.book.results.graded[key] = std::move(*graded);
    else if (const auto fault = faults.find(task.key); fault != faults.end())
      result.book.results.faults[key] = fault->second;
    else
      result.book.results.faults[key] = "its result cannot be read back";
    if (const auto timing = store.timing(task.key)) result.slow.push_back({task.name, timing->total()});
  }
}

/// Who takes part in the leaderboard, by the names that the policy lets the page show.
std::vector<Entrant> entrants_of(const Gradebook& book) {
  std::vector<Entrant> entrants;
  for (const Submission& submission : book.submissions) {
    if (!book.policy.leaderboard->has(submission.student) || submission.files.empty()) continue;
    entrants.push_back(
        {book.policy.leaderboard->numbered ? fmt::format("Student {}", entrants.size() + 1) : called(submission),
         {submission.files.begin(), submission.files.end()}});
  }
  return entrants;
}

/// What cannot be measured is no reason to withhold grades.
void measure_leaderboard(const workspace::Workspace& workspace, const ClassOptions& options, const Store& store,
                         ClassResult& result) try {
  const fs::path page = options.out / "leaderboard.html";
  if (!result.book.policy.leaderboard) return void(fs::remove(page));
  const std::vector<Entrant> entrants = entrants_of(result.book);
  if (entrants.empty()) return void(fs::remove(page));
  result.not_measured = measure_class(workspace, entrants, options.allow_weak_sandbox, store.scratch(), page);
} catch (const std::exception& error) {
  result.not_measured = {error.what()};
}

}  // namespace

ClassResult grade_class(const workspace::Workspace& workspace, const ClassOptions& options) {
  const workspace::Catalog catalog = workspace::read_catalog(workspace);
  ClassResult result;
  result.book.policy = read_policy(options.policy, catalog);
  const auto chosen = choose_lessons(catalog, result.book.policy, options.lessons);
  Store store(options.out);
  AllowedFiles allowed;  // files of lessons that are not graded now are no reason for a remark
  for (const workspace::Lesson& lesson : catalog.lessons) allowed[lesson.id] = lesson.files;
  const fs::path taken = fs::absolute(options.out) / "submissions";
  fs::remove_all(taken);
  const Policy& policy = result.book.policy;
  result.book.submissions = take_in(options.submissions, taken, allowed, {}, &result.book.problems,
                                    policy.zone_stated ? std::optional(policy.zone) : std::nullopt);
  find_students(result.book);

  const bool named = !options.lessons.empty() || !result.book.policy.lessons.empty();
  const std::vector<Prepared> lessons = prepare(workspace, counting(chosen, named, result), result.book);
  for (const Prepared& lesson : lessons) result.book.lessons.push_back(lesson.lesson);
  Origins origins;
  const std::vector<Task> tasks = list_tasks(result.book.submissions, lessons, store, origins);
  const std::vector<const Task*> work = list_work(tasks, store, result);
  collect(tasks, store, judge_all(work, store, options, result), result);

  apply_policy(result.book);
  const ChangeLog log(store, result.book, origins);
  result.changes = log.changes();
  write_results(options.out, result.book, result.changes, result.slow, options.byte_order_mark);
  log.keep(store);
  measure_leaderboard(workspace, options, store, result);
  return result;
}

}  // namespace workbook::grading
