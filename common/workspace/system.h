#pragma once
/// A workbook on disk is files, processes and errors, so this floor takes the names of `system` as its own.

namespace workbook::system {}

namespace workbook::workspace {

using namespace system;

}  // namespace workbook::workspace
