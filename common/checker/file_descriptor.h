#pragma once
/// Owns a file descriptor.

#include "common/system/file_descriptor.h"

namespace workbook {

using system::FileDescriptor;

}  // namespace workbook
