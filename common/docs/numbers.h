#pragma once
/// The numbers that figures about caches and tensor cores must show, as cases of numbers.cpp's JSON.

#include "common/system/json.h"

namespace workbook::docs {

using nlohmann::json;

json decode_step();
json latent_cache();
json fragments();
json swizzle();
json block_table();

}  // namespace workbook::docs
