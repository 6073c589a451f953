#pragma once
/// What the simulator observed of an implementation's kernels: counts per launch, and faults.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace workbook {

/// What bytes are, in few: 64 bits of FNV-1a, which goes on where `so_far` has ended.
constexpr std::uint64_t fingerprint(std::span<const std::byte> bytes, std::uint64_t so_far = 0xcbf29ce484222325) {
  for (const std::byte byte : bytes) so_far = (so_far ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3;
  return so_far;
}

/// Copies in one direction between host and device, as one stream of bytes.
struct CudaCopies {
  std::uint64_t bytes = 0;
  std::uint64_t fingerprint = workbook::fingerprint({});
};

/// Accesses of one kind (loads or stores) to global memory, atomics included in both.
struct GlobalTraffic {
  std::uint64_t bytes = 0;         ///< that threads asked for
  std::uint64_t requests = 0;      ///< accesses of a warp: up to 32 threads at once
  std::uint64_t sectors = 0;       ///< pieces of 32 bytes that the requests touch: traffic between SM and L2
  std::uint64_t cold_sectors = 0;  ///< different sectors touched in the launch: traffic that no cache can save
};

/// Accesses of one kind to shared memory.
struct SharedTraffic {
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t wavefronts = 0;  ///< passes that the requests take; more than ideal: bank conflicts
  std::uint64_t ideal = 0;       ///< passes for these addresses if no bank were asked for two words
};

struct CudaOperations {
  std::uint64_t barriers = 0;          ///< __syncthreads of a block
  std::uint64_t warp_collectives = 0;  ///< shuffles, votes, __syncwarp of a warp
  std::uint64_t atomics = 0;           ///< by single threads
  std::uint64_t matrix_flop = 0;       ///< FLOP of matrix instructions
  std::uint64_t overlapped_flop = 0;   ///< of these, by warps with an asynchronous copy under way
  std::uint64_t async_bytes = 0;       ///< that asynchronous copies read from global memory
};

struct CudaLaunch {
  std::string kernel;  ///< as written: "transpose<32>"
  std::array<std::uint32_t, 3> grid{}, block{};
  std::uint64_t dynamic_shared = 0;  ///< bytes asked for in <<<>>>
  GlobalTraffic loads, stores;
  SharedTraffic shared_loads, shared_stores;
  CudaOperations operations;
};

enum class CudaFaultKind : std::uint8_t {
  wrong,    ///< a race, a divergent barrier, a leak: what comes out cannot be relied on
  crashed,  ///< a GPU would stop the kernel, too
};

/// A fault, in words: "{0}" in the text stands for the source line of places[0].
struct CudaFault {
  CudaFaultKind kind = CudaFaultKind::wrong;
  std::string text;
  std::vector<std::uint64_t> places;  ///< offsets in the plugin
  bool is_leak = false;
  /// If there are any: no fault if both are the same lines of the source. Calls, the innermost first.
  std::vector<std::uint64_t> calls{}, other_calls{};
};

/// How the simulator treats one call. A GPU knows nothing of it.
struct CudaTreatment {
  bool kernels_last = false;  ///< kernels run when the host's code has returned, which sees no values
  std::uint32_t refused_allocation = 0, refused_launch = 0;  ///< which one fails, counted from 1; 0: none does
};

struct CudaEvidence {
  bool simulated = false;  ///< the implementation runs in the simulator
  bool counted = false;    ///< and is of the flavour that counts and checks
  std::vector<CudaLaunch> launches;
  std::vector<CudaFault> faults;
  std::uint64_t peak_bytes = 0;  ///< device memory that the call took itself: most at once
  std::uint64_t allocations = 0;
  CudaCopies to_device, to_host;
  std::uint64_t synchronizations = 0;
  std::uint64_t refused = 0;  ///< allocations and launches that failed because the test wanted it

  GlobalTraffic loads() const;   ///< of all launches together
  GlobalTraffic stores() const;  ///< of all launches together
  SharedTraffic shared() const;  ///< loads and stores of all launches together
};

inline GlobalTraffic& operator+=(GlobalTraffic& to, const GlobalTraffic& from) {
  to.bytes += from.bytes;
  to.requests += from.requests;
  to.sectors += from.sectors;
  to.cold_sectors += from.cold_sectors;
  return to;
}
inline CudaOperations& operator+=(CudaOperations& to, const CudaOperations& from) {
  to.barriers += from.barriers;
  to.warp_collectives += from.warp_collectives;
  to.atomics += from.atomics;
  to.matrix_flop += from.matrix_flop;
  to.overlapped_flop += from.overlapped_flop;
  to.async_bytes += from.async_bytes;
  return to;
}
inline SharedTraffic& operator+=(SharedTraffic& to, const SharedTraffic& from) {
  to.bytes += from.bytes;
  to.requests += from.requests;
  to.wavefronts += from.wavefronts;
  to.ideal += from.ideal;
  return to;
}

}  // namespace workbook
