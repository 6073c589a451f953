// Must get: passed
// No attack: streams, exceptions and wide numbers, and what they call.
#include <bit>
#include <cctype>
#include <cfenv>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "attack.h"

namespace {

__extension__ typedef __int128 Wide;

volatile int three = 3;

int read_back(const std::string& text) {
  std::istringstream in(text);
  int number = 0;
  in >> number;
  return number;
}

/// 0, computed with all sorts of things.
int nothing() {
  std::ostringstream out;
  out << three << ' ' << 1.5f << ' ' << std::strlen("four") << std::hex << 255 << std::endl;
  std::cout << three << 1.5f << true;
  const std::complex<float> square = std::complex<float>(0, static_cast<float>(three)) * std::complex<float>(0, 1);
  const Wide wide = static_cast<Wide>(three) << 70;
  const double real = static_cast<double>(wide / three) + static_cast<double>(std::real(std::exp(std::sqrt(square))));
  std::feclearexcept(FE_ALL_EXCEPT);
  const bool ok = std::popcount(static_cast<unsigned>(three)) == 2 && std::toupper('a' + three - 3) == 'A' &&
                  std::strtoull("3", nullptr, 10) == 3 && std::strcspn("abc", "c") == 2 && std::isfinite(real) &&
                  std::wstring(L"wide").size() == 4;
  return ok ? read_back(out.str()) - three : 1;
}

}  // namespace

workbook::Tensor workbook::target::twice(const Tensor& x) {
  try {
    if (nothing() != 0) throw std::logic_error("something");
    throw std::runtime_error("all is well");
  } catch (const std::runtime_error&) {
    return attack::right(x);
  } catch (const std::exception&) {
    return Tensor();
  }
}
