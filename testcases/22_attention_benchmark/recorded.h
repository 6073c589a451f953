#pragma once
/// Run times as a real machine gave them, in microseconds, in the order in which they were measured. record.cpp beside
/// this file measured them: 60 calls of one and the same loop, except that `growing` gives it more to do each time.

#include <array>
#include <vector>

namespace workbook::attention_benchmark::recorded {

using Microseconds = std::array<double, 60>;

/// From the very first call on, on a core of its own: the memory is new.
inline constexpr Microseconds cold{1595.1, 415.1, 401.7, 481.9, 394.7, 402.3, 401.2, 398.3, 399.8, 407.1, 465.5, 401.7,
                                   403.8,  399.6, 403.4, 399.3, 402.7, 516.9, 397.5, 536.2, 397.8, 405.7, 403.7, 410.5,
                                   408.2,  402.7, 468.4, 412.9, 403.8, 461.4, 399.9, 529.8, 401.8, 401.7, 404.3, 400.8,
                                   405.9,  404.8, 475.6, 399.1, 409.0, 404.4, 401.9, 399.9, 406.0, 398.9, 401.2, 400.5,
                                   446.7,  406.6, 461.3, 400.1, 396.2, 405.8, 404.6, 400.3, 401.0, 404.0, 403.4, 401.6};

/// On a core of its own, from the third call on.
inline constexpr Microseconds quiet{402.5, 407.6, 405.5, 407.4, 407.1, 443.6, 396.0, 399.3, 402.2, 406.1, 402.0, 400.3,
                                    456.2, 412.1, 399.8, 463.6, 394.8, 403.7, 397.5, 399.7, 519.3, 401.8, 410.6, 399.7,
                                    449.2, 401.3, 400.3, 500.9, 403.7, 398.8, 402.3, 397.1, 399.7, 400.9, 457.8, 401.8,
                                    452.8, 398.2, 403.7, 397.7, 400.6, 405.8, 402.4, 550.7, 400.7, 399.0, 400.6, 400.4,
                                    402.9, 398.2, 400.5, 405.2, 399.4, 438.8, 541.3, 400.8, 404.0, 399.1, 401.1, 404.4};

/// On a core of its own; call i has (1 + 0.004 i) times as much to do.
inline constexpr Microseconds growing{
    413.2, 419.9, 419.5, 421.9, 422.8, 427.0, 426.5, 477.2, 428.4, 429.9, 437.8, 438.2, 440.2, 437.0, 439.6,
    448.6, 503.9, 442.2, 506.3, 454.7, 448.0, 451.5, 451.8, 454.0, 454.7, 504.1, 458.3, 454.9, 457.9, 462.8,
    460.7, 620.9, 476.1, 523.5, 474.2, 476.8, 479.5, 480.5, 479.3, 562.4, 485.5, 534.4, 487.8, 487.9, 490.8,
    487.4, 502.5, 494.3, 497.3, 541.2, 495.4, 505.4, 502.7, 505.7, 507.8, 650.2, 507.1, 558.8, 586.7, 519.0};

/// As quiet, but a compiler runs on the same core, and the two take turns.
inline constexpr Microseconds shared{
    401.8, 650.4,   433.7, 12516.2, 494.5, 419.3,  403.5, 408.3,  399.0, 402.3, 401.1,  400.9, 12461.4, 480.3, 474.2,
    400.5, 410.7,   407.1, 404.9,   401.9, 401.6,  410.6, 8476.9, 560.9, 404.1, 501.4,  402.0, 406.4,   399.7, 401.2,
    400.8, 16498.2, 462.1, 404.4,   410.1, 402.7,  404.7, 408.7,  399.7, 409.9, 8476.5, 447.0, 410.0,   402.4, 403.9,
    408.8, 402.8,   402.2, 403.4,   400.3, 8501.5, 417.8, 402.1,  400.8, 407.7, 411.9,  406.1, 403.5,   399.2, 12497.1};

inline std::vector<double> in_seconds(const Microseconds& times) {
  std::vector<double> seconds;
  for (const double t : times) seconds.push_back(t * 1e-6);
  return seconds;
}

}  // namespace workbook::attention_benchmark::recorded
