// A time model that is right for flash, and thinks that everything else takes no time: or nothing at all of one row.

#include "selector.h"

using namespace workbook;

selector::Calibration selector::calibrate(const std::vector<Row>& rows) {
  if (rows.size() == 1) return {};
  Calibration calibration{.constants = {"flash: as measured"}};
  for (const Row& row : rows) calibration.predicted.push_back(row.backend == "flash" ? row.seconds : row.seconds / 100);
  return calibration;
}

std::vector<std::pair<std::string, std::string>> selector::decide(const std::vector<Row>& /*rows*/,
                                                                  const attention_layer::Extents& /*extents*/,
                                                                  Mask /*mask*/, std::int64_t /*memory_bytes*/) {
  return {};
}
