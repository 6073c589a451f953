#pragma once
/// What a checker takes of a worker's reply: no more than a call of a test can have to tell.

#include "common/contract/message.h"

namespace workbook {

/// Reads a reply's head, which may be hostile: lists are bounded, and texts are cut and made printable. So the
/// checker's time and memory and the size of its report are bounded here, for whoever looks at evidence later.
/// @throws WireError if it is malformed, or if it holds more than a test's call has
ReplyHead take_head(Reader& in);

}  // namespace workbook
