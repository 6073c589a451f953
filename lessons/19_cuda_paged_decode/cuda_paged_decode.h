#pragma once
/// Decoding from a KV cache that is cut into pages: who has which page, where a token is written, and attention of one
/// query per head, in one pass over each page or in several parts that are merged.
///
/// Invariants:
///   - a *page* has room for kPageTokens tokens of one sequence; a *slot* is page * kPageTokens + a place in that page;
///   - token j of sequence b lies in page block_table[b, j / kPageTokens], at place j % kPageTokens; what the table
///   holds
///     after the sequence's last page may be anything, and no slot without a token is read: it may hold NaN;
///   - heads is a multiple of kv_heads, and query head h reads KV head h / n_rep, n_rep = heads / kv_heads;
///   - scores are scaled by 1 / sqrt(head_dim), and sums are float, whatever the type of the cache;
///   - a sequence of length 0 gives zeros, and its log-sum-exp is -inf. A single key of score 0 gives its value bit for
///     bit, and the log-sum-exp 0. Nothing overflows, however large or small the scores are;
///   - batch, heads and kv_heads are at most 65,535 each. Tensors are dense, row-major, in device memory, and begin at
///     multiples of 256 bytes. Work is put on `stream`, which nobody waits for, in blocks of kThreads threads, without
///     any device memory beside the arguments. A CUDA error is thrown as std::runtime_error.

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"

namespace workbook::cuda_paged_decode {

inline constexpr int kPageTokens = 16;
inline constexpr int kThreads = 128;                ///< of a block: eight for each token of a page
inline constexpr int kMaxHeadDim = 256;             ///< head_dim is a multiple of 8 up to this
inline constexpr int kMaxRep = 16;                  ///< query heads that share a KV head
inline constexpr int kMaxParts = 128;               ///< of a sequence
inline constexpr int kMinPages = 4;                 ///< of a part, unless the whole sequence has fewer
inline constexpr int kBlocksPerMultiprocessor = 4;  ///< that keep a multiprocessor's share of the memory busy

/// The token of a page whose key a thread multiplies. Eight neighbouring lanes share a token.
constexpr int token_of(int thread) { return thread / 8; }
/// The first piece of that key, 16 bytes, that the thread multiplies; its others are 8 pieces apart.
constexpr int piece_of(int thread) { return thread % 8; }

/// Pages of a sequence, the last one perhaps in part.
constexpr int pages_of(int length) { return length / kPageTokens + (length % kPageTokens != 0); }
/// The page of a sequence, counted from 0, that a part begins with; it ends where the next part begins.
constexpr int first_page(int pages, int parts, int part) {
  return static_cast<int>(std::int64_t{pages} * part / parts);
}

/// Where the next token of a sequence goes, and the page that has to be copied before it is written; -1, -1 if none.
struct Place {
  int slot = 0;
  int copy_from = -1;
  int copy_to = -1;
};

/// Who has which page. Forked sequences share pages, and a page is free again when nobody has it any more.
class PageAllocator {
 public:
  explicit PageAllocator(int pages) : owners_(static_cast<std::size_t>(pages)) {
    for (int page = pages - 1; page >= 0; --page) free_.push_back(page);
  }

  /// A new sequence without tokens; its id was never given before.
  int create() { return sequences_.emplace(next_id_, Sequence{}), next_id_++; }
  /// Tokens of a sequence.
  int length(int sequence) const { return find(sequence).length; }
  /// Its pages in the order of its tokens: a row of the block table.
  std::vector<int> pages(int sequence) const { return find(sequence).pages; }
  /// Pages that nobody has.
  int free_pages() const { return static_cast<int>(free_.size()); }

  /// Makes room for the next token. A page that others have, too, is never written: the sequence then gets a page of
  /// its own, into which the shared one must be copied. Any free page will do. No loop over pages or tokens.
  /// @throws std::invalid_argument if there is no such sequence, naming it; std::runtime_error if a page is needed and
  /// none is free, naming how many there are in all. Nothing is changed then
  Place append(int sequence);

  /// A new sequence with the same tokens, in the same pages. @throws std::invalid_argument as append
  int fork(int sequence);

  /// Ends a sequence. @throws std::invalid_argument as append
  void free(int sequence);

 private:
  struct Sequence {
    std::vector<int> pages;
    int length = 0;
  };
  const Sequence& find(int sequence) const {
    if (const auto found = sequences_.find(sequence); found != sequences_.end()) return found->second;
    throw std::invalid_argument("[PageAllocator] a sequence that was created and is not freed is expected; found " +
                                std::to_string(sequence));
  }
  Sequence& find(int sequence) { return const_cast<Sequence&>(std::as_const(*this).find(sequence)); }
  int& owners(int page) { return owners_[static_cast<std::size_t>(page)]; }

  std::vector<int> free_;    // pages that nobody has
  std::vector<int> owners_;  // of each page: how many sequences have it
  std::map<int, Sequence> sequences_;
  int next_id_ = 0;
};

/// Int32s in device memory that a call reads.
using DeviceInts = DeviceTensor<const std::int32_t>;

/// Writes token i's key and value to slot slots[i] of the cache, for all KV heads; a slot of -1 is skipped, and nothing
/// else is touched. @pre all other slots are different
void write_kv(DeviceTensor<const float> k,  // [tokens, kv_heads, head_dim]
              DeviceTensor<const float> v,  // [tokens, kv_heads, head_dim]
              DeviceInts slots,             // [tokens]
              DeviceTensor<float> cache,    // [pages, 2, kv_heads, kPageTokens, head_dim]: keys, then values
              cudaStream_t stream);

/// Attention of one query for each head, one launch. Each key and value is loaded once for all n_rep query heads.
/// @throws std::invalid_argument if head_dim or n_rep is not allowed, naming what was found and the largest allowed
void paged_decode(DeviceTensor<const float> q,      // [batch, heads, head_dim]
                  DeviceTensor<const float> cache,  // [pages, 2, kv_heads, kPageTokens, head_dim]
                  DeviceInts block_table,           // [batch, max_pages]
                  DeviceInts lengths,               // [batch]
                  DeviceOutput<float> out,          // [batch, heads, head_dim]
                  DeviceOutput<float> lse,          // [batch, heads]
                  cudaStream_t stream);

/// The same, with queries, cache and output in float16. @throws std::invalid_argument as paged_decode
void paged_decode_f16(DeviceTensor<const float16> q, DeviceTensor<const float16> cache, DeviceInts block_table,
                      DeviceInts lengths, DeviceOutput<float16> out, DeviceOutput<float> lse, cudaStream_t stream);
/// The same, with queries, cache and output in bfloat16. @throws std::invalid_argument as paged_decode
void paged_decode_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> cache, DeviceInts block_table,
                       DeviceInts lengths, DeviceOutput<bfloat16> out, DeviceOutput<float> lse, cudaStream_t stream);

/// Parts that the keys of each sequence are divided into: as many as let all blocks be on the GPU together, that is
/// batch kv_heads parts <= kBlocksPerMultiprocessor multiprocessors; but so few that a part of the longest sequence has
/// kMinPages pages or more; at least 1, at most kMaxParts. Exact for all arguments >= 1.
int split_count(int batch, int kv_heads, int longest_length, int multiprocessors);

/// Attention over all keys, from attention over parts of them, one launch. A part of log-sum-exp -inf changes nothing.
/// @pre 1 <= parts <= kMaxParts
void merge_parts(DeviceTensor<const float> part_out,  // [parts, batch, heads, head_dim]
                 DeviceTensor<const float> part_lse,  // [parts, batch, heads]
                 DeviceOutput<float> out,             // [batch, heads, head_dim]
                 DeviceOutput<float> lse,             // [batch, heads]
                 cudaStream_t stream);

/// As paged_decode, in two launches (Flash-Decoding, Dao et al. 2023): part i of a sequence has its pages from
/// first_page(pages, parts, i) to first_page(pages, parts, i + 1), and may be empty. part_out and part_lse, shaped as
/// merge_parts takes them, receive what each part gives; then they are merged.
/// @throws std::invalid_argument as paged_decode, and if there are more than kMaxParts parts
void paged_decode_split(DeviceTensor<const float> q, DeviceTensor<const float> cache, DeviceInts block_table,
                        DeviceInts lengths, DeviceOutput<float> part_out, DeviceOutput<float> part_lse,
                        DeviceOutput<float> out, DeviceOutput<float> lse, cudaStream_t stream);

inline constexpr Contract<construct<PageAllocator, int>, &PageAllocator::create, &PageAllocator::append,
                          &PageAllocator::fork, &PageAllocator::free, &PageAllocator::pages, &PageAllocator::length,
                          &PageAllocator::free_pages, write_kv, paged_decode, paged_decode_f16, paged_decode_bf16,
                          split_count, merge_parts, paged_decode_split>
    contract;

}  // namespace workbook::cuda_paged_decode
