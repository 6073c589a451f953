#pragma once
/// The braces of a source: which are functions' bodies.

#include "common/cuda/translate/source_text.h"

namespace workbook::cuda {

struct Block {
  enum Kind {
    scope,
    type,
    function,
    other
  };  ///< a namespace; a class; a function's body; what stands in one, or a list
  Kind kind;
  std::size_t head;         ///< where what stands before the brace begins
  std::size_t open, close;  ///< the braces; npos if it is never closed
};

/// All blocks that stand in no function, in the order of their opening braces.
std::vector<Block> find_blocks(const SourceText& text);

/// The function whose body this is a part of; null outside of any.
const Block* function_at(const std::vector<Block>& blocks, std::size_t at);

}  // namespace workbook::cuda
