#pragma once
/// The command line speaks of files, processes and errors all the time, so it takes the names of that floor as its own.

namespace workbook::system {}

namespace workbook::cli {

using namespace system;

}  // namespace workbook::cli
