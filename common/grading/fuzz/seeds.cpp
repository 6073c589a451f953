/// Writes a fuzz target's seeds to the folder WORKBOOK_SEEDS before libFuzzer reads it.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/grading/fuzz/fuzz.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("WORKBOOK_SEEDS");
  if (folder == nullptr) return 0;
  int n = 0;
  for (const std::string& seed : workbook::grading::fuzz_seeds())
    std::ofstream(std::filesystem::path(folder) / ("seed" + std::to_string(n++)), std::ios::binary) << seed;
  return 0;
}
