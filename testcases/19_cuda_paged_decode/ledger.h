#pragma once
/// A PageAllocator, and a list of our own of who has which page: any free page will do, so the list follows what the
/// allocator chooses.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "common/checker/student.h"
#include "cuda_paged_decode.h"

namespace workbook::cuda_paged_decode {

class Ledger {
 public:
  explicit Ledger(int pages) : size_(pages), pool_(student<construct<PageAllocator, int>>(pages)) {}

  int create() {
    const int id = student<&PageAllocator::create>(pool_);
    sequences_[id] = {};
    return id;
  }

  /// The student's append, checked against what it may do.
  Place append(int id) {
    const Place got = student<&PageAllocator::append>(pool_, id);
    const Sequence before = sequences_.at(id);
    const std::string wrong = wrong_in(got, before, id);
    REQUIRE_THAT(wrong.empty(), otherwise(wrong));
    Sequence& s = sequences_.at(id);
    const int page = got.slot / kPageTokens;
    if (got.copy_from >= 0) s.pages.pop_back();
    if (s.pages.empty() || s.pages.back() != page) s.pages.push_back(page);
    ++s.length;
    return got;
  }
  void append(int id, int tokens) {
    for (int i = 0; i < tokens; ++i) append(id);
  }

  /// An append that finds no free page.
  void append_in_vain(int id) {
    const std::string error = error_of_append(id);
    REQUIRE_THAT(
        error.find(std::to_string(size_)) != std::string::npos,
        otherwise(error.empty() ? "a page was needed and none is free: append must throw std::runtime_error"
                                : fmt::format("the error must name how many pages there are in all, {}; it says: "
                                              "{}",
                                              size_, error)));
  }

  int fork(int id) {
    const int copy = student<&PageAllocator::fork>(pool_, id);
    REQUIRE_THAT(!sequences_.contains(copy),
                 otherwise(fmt::format("fork returned {}: that is a sequence already, and this is a new one", copy)));
    sequences_[copy] = sequences_.at(id);
    return copy;
  }

  void free(int id) {
    student<&PageAllocator::free>(pool_, id);
    sequences_.erase(id);
    CHECK_THAT([&] { student<&PageAllocator::length>(pool_, id); }, is_refused("the sequence was freed", id, id));
  }

  /// What the allocator says of every sequence, and of the pool.
  void check() const {
    for (const auto& [id, s] : sequences_) {
      CHECK_THAT(student<&PageAllocator::length>(pool_, id),
                 is_count(s.length, fmt::format("length({})", id))
                     .but_not(s.length + 1, "a token was counted although append has thrown: nothing is changed then"));
      const std::vector<int> pages = student<&PageAllocator::pages>(pool_, id);
      CHECK_THAT(pages == s.pages, otherwise(fmt::format("sequence {} has the pages {}; found {}{}", id, s.pages, pages,
                                                         likely(s, pages))));
    }
    const int free = free_pages();
    int owners = 0;
    for (const auto& [id, s] : sequences_) owners += static_cast<int>(s.pages.size());
    CHECK_THAT(
        student<&PageAllocator::free_pages>(pool_),
        is_count(free, "free_pages()")
            .but_not(size_ - owners,
                     "a shared page was counted once for each sequence that has it: it is one "
                     "page, and free when its last owner gives it up")
            .but_if([=](std::int64_t got) { return got < free; },
                    "are there pages that nobody has any more, and that were not given back?")
            .but_if([=](std::int64_t got) { return got > free; }, "were pages given back that a sequence still has?"));
  }

  const std::vector<int>& pages(int id) const { return sequences_.at(id).pages; }
  int length(int id) const { return sequences_.at(id).length; }
  const Object<PageAllocator>& pool() const { return pool_; }
  int free_pages() const {
    int free = 0;
    for (int page = 0; page < size_; ++page) free += owner_of(page, -1) < 0;
    return free;
  }

 private:
  struct Sequence {
    std::vector<int> pages;
    int length = 0;
  };

  /// A sequence other than `but` that has this page; -1 if none.
  int owner_of(int page, int but) const {
    for (const auto& [id, s] : sequences_)
      if (id != but && std::ranges::count(s.pages, page) > 0) return id;
    return -1;
  }

  std::string error_of_append(int id) const {
    try {
      student<&PageAllocator::append>(pool_, id);
    } catch (const Stopped&) {
      throw;
    } catch (const std::runtime_error& e) {
      return e.what();
    } catch (const std::exception& e) {
      return std::string("(not a std::runtime_error) ") + e.what();
    }
    return "";
  }

  static std::string likely(const Sequence& s, std::vector<int> pages) {
    std::ranges::reverse(pages);
    if (pages == s.pages) return "\nLikely: the pages are in reverse order: page i holds tokens 16 i to 16 i + 15";
    if (pages.size() > s.pages.size())
      return "\nPerhaps: does the sequence still have the shared page, beside the copy that took its place?";
    return "";
  }

  std::string wrong_in(const Place& got, const Sequence& s, int id) const {
    const int page = got.slot / kPageTokens, place = s.length % kPageTokens;
    const std::string told =
        fmt::format("token {} of sequence {} goes to slot {}, copy_from {}, copy_to {}: ", s.length, id, got.slot,
                    got.copy_from, got.copy_to);
    if (got.slot < 0 || page >= size_)
      return told + fmt::format("there are {} pages, with slots 0 to {}{}", size_, size_ * kPageTokens - 1,
                                s.length >= kPageTokens && (got.slot - s.length) % kPageTokens == 0
                                    ? ". Was the length added to page * kPageTokens, and not the place in the page?"
                                    : "");
    if (got.slot % kPageTokens != place)
      return told + fmt::format("it is at place {} of its page, length % kPageTokens, and not {}", place,
                                got.slot % kPageTokens);
    const int last = s.pages.empty() ? -1 : s.pages.back(), other = owner_of(page, id);
    if (place != 0 && page == last && other >= 0)
      return told + fmt::format(
                        "sequence {} has that page, too, and would see its tokens overwritten. A page that is "
                        "shared is copied before it is written",
                        other);
    if (other >= 0)
      return told + fmt::format("sequence {} has that page. Was a page given back that somebody still had?", other);
    const bool shared = place != 0 && owner_of(last, id) >= 0;
    if (!shared && place != 0 && page != last)
      return told + fmt::format(
                        "the sequence's last page, {}, has room, and belongs to nobody else. Is a sequence that "
                        "was freed, or that has a copy by now, still counted as its owner?",
                        last);
    if (place == 0 && std::ranges::count(s.pages, page) > 0)
      return told + "the sequence has that page already, and it is full";
    if (!shared && (got.copy_from != -1 || got.copy_to != -1))
      return told + (place == 0
                         ? "a new page begins, and there is nothing to copy into it: full pages may be shared for "
                           "ever, as nobody writes them again"
                         : "nobody else has this page any more, so nothing is copied");
    if (shared && (got.copy_from != last || got.copy_to != page))
      return told + fmt::format("the shared page, {}, must be copied to the new one, {}", last, page);
    return "";
  }

  int size_;
  Object<PageAllocator> pool_;
  std::map<int, Sequence> sequences_;
};

}  // namespace workbook::cuda_paged_decode
