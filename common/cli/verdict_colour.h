#pragma once
/// The colours of verdicts.

#include <string>

#include "common/cli/system.h"
#include "common/report/verdict.h"
#include "common/system/terminal.h"

namespace workbook::cli {

inline Ink ink_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return Ink::green;
    case Verdict::not_started:
      return Ink::dim;
    case Verdict::not_verifiable_here:
      return Ink::yellow;
    default:
      return Ink::red;
  }
}

/// A verdict's spoken name in its colour.
inline std::string painted(Verdict verdict) { return paint(ink_of(verdict), spoken(verdict)); }

}  // namespace workbook::cli
