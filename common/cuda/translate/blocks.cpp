#include "common/cuda/translate/blocks.h"

#include <algorithm>

namespace workbook::cuda {
namespace {

/// What a head says without its template parameters and alignments, whose brackets and words mislead.
std::string plain_head(std::string head) {
  for (std::size_t at = 0; (at = find_word(head, "template", at)) != npos;) {
    const std::size_t open = skip_blanks(head, at + 8);
    int depth = 0;
    std::size_t end = open;
    for (; end < head.size(); ++end) {
      depth += head[end] == '<' ? 1 : head[end] == '>' ? -1 : 0;
      if (depth <= 0) break;
    }
    head.replace(at, std::min(end + 1, head.size()) - at, " ");
  }
  for (const char* word : {"__align__", "alignas", "__attribute__", "__launch_bounds__"})
    for (std::size_t at = 0; (at = find_word(head, word, at)) != npos;) {
      const std::size_t end = closing(head, std::min(head.find('(', at), head.size()));
      head.replace(at, end == npos ? std::string(word).size() : end + 1 - at, " ");
    }
  return squeezed(head);
}

class Finder {
 public:
  explicit Finder(const SourceText& text) : text_(text) {}

  std::vector<Block> run() {
    auto directive = text_.directives.begin();
    for (std::size_t at = 0; at < text_.structure.size(); ++at) {
      if (directive != text_.directives.end() && directive->first == at) note_condition(*directive++);
      const char c = text_.structure[at];
      if (c == '{') open(at);
      if (c == '}') close(at);
      if (c == ';') boundary_ = at + 1, before_ = npos;
    }
    return std::move(blocks_);
  }

 private:
  /// Each branch of a condition starts with the braces that are open before it.
  void note_condition(const Directive& directive) {
    if (directive.name.starts_with("if")) conditions_.push_back(open_);
    if (conditions_.empty()) return;
    if (directive.name.starts_with("el")) open_ = conditions_.back();
    if (directive.name == "endif") conditions_.pop_back();
  }

  bool in_function() const {
    return std::ranges::any_of(open_,
                               [this](std::size_t i) { return i == npos || blocks_[i].kind == Block::function; });
  }

  void open(std::size_t at) {
    if (in_function()) {
      open_.push_back(npos);
    } else {
      Block block{Block::other, boundary_, at, npos};
      const std::string head = plain_head(text_.structure.substr(boundary_, at - boundary_));
      const bool names_type = has_word(head, "struct") || has_word(head, "class") || has_word(head, "union");
      const bool has_round = head.find('(') != npos;
      if (has_word(head, "namespace") || (has_word(head, "extern") && !has_round)) {
        block.kind = Block::scope;
      } else if ((names_type || has_word(head, "enum")) && !has_round) {
        block.kind = Block::type;
      } else if (has_round) {
        block.kind = Block::function;
      } else if (before_ != npos && (head.empty() || head.starts_with(','))) {  // behind a constructor's initializer
        block.kind = Block::function;
        block.head = blocks_[before_].head;
      }
      open_.push_back(blocks_.size());
      blocks_.push_back(block);
    }
    boundary_ = at + 1;
    before_ = npos;
  }

  void close(std::size_t at) {
    boundary_ = at + 1;
    before_ = npos;
    if (open_.empty()) return;
    if (const std::size_t i = open_.back(); i != npos) {
      if (blocks_[i].close == npos) blocks_[i].close = at;
      if (blocks_[i].kind == Block::function) before_ = i;
    }
    open_.pop_back();
  }

  const SourceText& text_;
  std::vector<Block> blocks_;
  std::vector<std::size_t> open_;  ///< numbers of blocks; npos: of none that is kept
  std::vector<std::vector<std::size_t>> conditions_;
  std::size_t boundary_ = 0;   ///< where the next head begins
  std::size_t before_ = npos;  ///< the function that was closed there
};

}  // namespace

std::vector<Block> find_blocks(const SourceText& text) { return Finder(text).run(); }

const Block* function_at(const std::vector<Block>& blocks, std::size_t at) {
  for (const Block& block : blocks)
    if (block.kind == Block::function && block.open < at && at < block.close) return &block;
  return nullptr;
}

}  // namespace workbook::cuda
