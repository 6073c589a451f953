#include <memory>

#include <fmt/core.h>

#include "common/cli/board.h"
#include "common/cli/command.h"
#include "common/cli/documents.h"

namespace workbook::cli {

Action commands::list(Options options) {
  auto as_json = std::make_shared<bool>(false);
  options.flag("--json", *as_json, "print one JSON document");
  return [as_json] {
    const Book book = open_book();
    const Progress progress(book.workspace);
    if (*as_json) {
      fmt::print("{}\n", board_document(book, progress));
    } else {
      print_board(book, progress);
      print_next(book, progress);
    }
    return 0;
  };
}

}  // namespace workbook::cli
