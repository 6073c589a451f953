#pragma once
/// The command line speaks of files, processes, lessons and builds all the time, so it takes the names of those floors
/// as its own.

namespace workbook::system {}
namespace workbook::workspace {}

namespace workbook::cli {

using namespace system;
using namespace workspace;

}  // namespace workbook::cli
