#include "common/cuda/sim/held_work.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "common/cuda/sim/memory.h"

namespace workbook::cuda {
namespace {

// Quiet NaNs with a payload: copied they stay what they are, and what is computed of one is no value either. The plain
// NaN of the processor has the payload 0.
constexpr std::uint32_t kArgument = 0x7fc00001, kResult = 0xffc00001, kTickets = 0x3fffff;
constexpr std::size_t kWord = sizeof(std::uint32_t);

std::uint32_t word_at(const std::byte* at) {
  std::uint32_t word;
  std::memcpy(&word, at, kWord);
  return word;
}

void write_tickets(std::span<std::byte> words, std::uint32_t first) {
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord, ++first)
    std::memcpy(words.data() + at, &first, kWord);
}

/// Exchanges each word that is one of `values.size() / kWord` tickets from `first` on.
void exchange(std::span<std::byte> words, std::uint32_t first, const HeldBytes& values) {
  for (std::size_t at = 0; at + kWord <= words.size(); at += kWord)
    if (const std::size_t number = word_at(words.data() + at) - first; number < values.size() / kWord)
      std::memcpy(words.data() + at, values.data() + number * kWord, kWord);
}

}  // namespace

HeldBytes::HeldBytes(std::size_t bytes) : first_(static_cast<std::byte*>(reserve(whole_pages(bytes)))), bytes_(bytes) {
  if (!commit(first_, bytes)) throw std::bad_alloc();
}
HeldBytes::~HeldBytes() { syscall(SYS_munmap, first_, whole_pages(bytes_)); }  // straight to the kernel, as reserve()
void HeldBytes::close() const { mprotect(first_, whole_pages(bytes_), PROT_NONE); }
void HeldBytes::open() const { mprotect(first_, whole_pages(bytes_), PROT_READ | PROT_WRITE); }

void HeldWork::hold() {
  holds_ = true;
  promised_.clear();
}

std::shared_ptr<HeldBytes> HeldWork::keep(const void* from, std::size_t bytes) {
  auto kept = std::make_shared<HeldBytes>(bytes);
  std::memcpy(kept->data(), from, bytes);
  return kept;
}

void HeldWork::in_turn(std::function<void()> work) {
  if (holds_)
    waiting_.push_back(std::move(work));
  else
    work();
}

void HeldWork::run(bool wanted) {
  holds_ = false;
  for (const auto& work : std::exchange(waiting_, {}))
    if (wanted) work();
}

void HeldWork::conceal(std::span<std::byte> sent, std::span<std::byte> elements) {
  std::size_t before = 0;
  for (const Concealed& other : concealed_) before += other.elements.size() / kWord;
  const std::size_t bytes = elements.size() / kWord * kWord;
  // What is longer than there are tickets stays in sight; no test sends that much.
  if (bytes == 0 || sent.size() < bytes || before + bytes / kWord > kTickets) return;
  elements = elements.first(bytes);
  Concealed made{sent.last(bytes), elements, std::make_unique<HeldBytes>(bytes)};
  std::memcpy(made.values->data(), elements.data(), bytes);
  made.values->close();
  write_tickets(made.elements, kArgument + static_cast<std::uint32_t>(before));
  std::ranges::fill(made.sent, std::byte{0});
  concealed_.push_back(std::move(made));
}

void HeldWork::uncover() {
  std::uint32_t first = kArgument;
  for (const auto& [sent, elements, values] : concealed_) {
    values->open();
    std::memcpy(sent.data(), values->data(), values->size());
    for (std::size_t at = 0; at < elements.size(); at += kWord)
      if (word_at(elements.data() + at) == first + at / kWord)
        std::memcpy(elements.data() + at, values->data() + at, kWord);
    first += static_cast<std::uint32_t>(elements.size() / kWord);
  }
  concealed_.clear();
}

void HeldWork::redeem(std::span<std::byte> words) const {
  std::uint32_t first = kArgument;
  for (const Concealed& argument : concealed_) {
    argument.values->open();
    exchange(words, first, *argument.values);
    argument.values->close();
    first += static_cast<std::uint32_t>(argument.values->size() / kWord);
  }
}

std::byte* HeldWork::promise(std::span<std::byte> words) {
  const std::uint32_t first =
      promised_.empty() ? kResult
                        : promised_.back().first + static_cast<std::uint32_t>(promised_.back().values->size() / kWord);
  Promised made{first, std::make_unique<HeldBytes>(words.size())};
  if (first - kResult + words.size() / kWord <= kTickets) write_tickets(words, first);
  return promised_.emplace_back(std::move(made)).values->data();
}

void HeldWork::reveal(std::span<std::byte> words) const {
  for (const Promised& result : promised_) exchange(words, result.first, *result.values);
}

HeldWork& held_work() {
  static auto* work = new HeldWork;
  return *work;
}

}  // namespace workbook::cuda
