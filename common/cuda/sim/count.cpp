/// From the addresses of a warp's lanes to sectors and wavefronts.

#include <algorithm>
#include <bit>

#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/shadow.h"

namespace workbook::cuda {
namespace {

/// Different values among the first n, which are sorted.
unsigned count_different(std::uint32_t* values, unsigned n) {
  if (n == 0) return 0;
  if (!std::is_sorted(values, values + n)) std::sort(values, values + n);
  return static_cast<unsigned>(std::unique(values, values + n) - values);
}

void count_global(const Site& site, GlobalTraffic& traffic) {
  constexpr std::uint32_t kWordsPerSector = 8;
  for (std::uint32_t r = 0; r < site.rows_used; ++r) {
    const Site::Row& row = site.rows[r];
    std::uint32_t sectors[32];
    unsigned n = 0;
    for (unsigned lanes = row.lanes; lanes; lanes &= lanes - 1)
      sectors[n++] = row.word[std::countr_zero(lanes)] / kWordsPerSector;
    traffic.requests += 1;
    traffic.bytes += std::uint64_t{site.bytes} * n;
    traffic.sectors += count_different(sectors, n);
  }
}

/// Passes that one phase's words take: a bank of 4 bytes gives one word in each.
unsigned wavefronts_of(const std::uint32_t* words, unsigned n) {
  std::uint32_t in_bank[32][32];
  std::uint8_t filled[32] = {};
  unsigned most = 0;
  for (unsigned i = 0; i < n; ++i) {
    const unsigned bank = words[i] % 32;
    unsigned k = 0;
    while (k < filled[bank] && in_bank[bank][k] != words[i]) ++k;
    if (k == filled[bank]) in_bank[bank][filled[bank]++] = words[i];
    most = std::max<unsigned>(most, filled[bank]);
  }
  return most;
}

bool all_equal_or_in_turn(const Site::Row& row) {
  if (row.lanes != ~0u) return false;
  const std::uint32_t first = row.word[0], step = row.word[1] - first;
  if (step > 1) return false;
  for (unsigned l = 1; l < 32; ++l)
    if (row.word[l] != first + l * step) return false;
  return true;
}

/// Lanes `apart` from each other, 0 and 1, 2 and 3 and so on for 1, want the same words wherever both are active.
bool in_equal_pairs(const Site::Row& row, unsigned apart) {
  for (unsigned lanes = row.lanes & row.lanes >> apart; lanes; lanes &= lanes - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
    if ((lane & apart) == 0 && row.word[lane] != row.word[lane + apart]) return false;
  }
  return true;
}

/// Lanes that share a phase. A phase returns 128 bytes: a word for each of 32 lanes, 2 for each of 16, 4 for each of 8.
/// A load of 2 or 4 words needs half as many phases if lanes i and i ^ 1 have the same address for all i, or lanes i
/// and i ^ 2 for all i, because what arrives then serves two lanes. The rule is from NVIDIA's forum,
/// forums.developer.nvidia.com/t/77228; measured with Nsight Compute on an A100 in zhuanlan.zhihu.com/p/690052715.
unsigned lanes_of_a_phase(const Site& site, const Site::Row& row, unsigned words) {
  const bool halved = words > 1 && !site.write && (in_equal_pairs(row, 1) || in_equal_pairs(row, 2));
  return (halved ? 64 : 32) / words;
}

void count_shared(const Site& site, SharedTraffic& traffic) {
  const unsigned words = site.bytes > 4 ? site.bytes / 4 : 1;  // each lane's
  for (std::uint32_t r = 0; r < site.rows_used; ++r) {
    const Site::Row& row = site.rows[r];
    traffic.requests += 1;
    traffic.bytes += std::uint64_t{site.bytes} * static_cast<unsigned>(std::popcount(row.lanes));
    if (words == 1 && all_equal_or_in_turn(row)) {
      traffic.wavefronts += 1;
      traffic.ideal += 1;
      continue;
    }
    const unsigned lanes = lanes_of_a_phase(site, row, words);
    for (unsigned first = 0; first < 32; first += lanes) {
      std::uint32_t touched[64];
      unsigned n = 0;
      for (unsigned l = first; l < first + lanes; ++l)
        if (row.lanes >> l & 1)
          for (unsigned w = 0; w < words; ++w) touched[n++] = row.word[l] + w;
      traffic.wavefronts += wavefronts_of(touched, n);
      traffic.ideal += n > 0;
    }
  }
}

}  // namespace

void Watch::count(const Site& site) {
  CudaLaunch& counts = engine_.counts();
  if (site.space == Space::global)
    count_global(site, site.write ? counts.stores : counts.loads);
  else
    count_shared(site, site.write ? counts.shared_stores : counts.shared_loads);
}

void Watch::note_cold(std::size_t offset, bool write) {
  std::uint32_t& last = global_shadow().sector(offset, write);
  if (last == order_.launch()) return;
  last = order_.launch();
  CudaLaunch& counts = engine_.counts();
  ++(write ? counts.stores : counts.loads).cold_sectors;
}

}  // namespace workbook::cuda
