#include "common/cli/board.h"
#include "common/cli/command.h"

namespace workbook::cli {

Action commands::next(Options) {
  return [] {
    const Book book = open_book();
    print_next(book, Progress(book.workspace));
    return 0;
  };
}

}  // namespace workbook::cli
