#include "common/cuda/translate/ptx_table.h"

#include <map>

namespace workbook::cuda {
namespace {

/// Instructions that compute one result. $1, $2, ... are operands as numbers of the instruction's type, #1, #2, ...
/// words of 32 bits, ?1, ... predicates; ~ stands for the namespace of workbook_sim/asm.h. What only concerns caches
/// and rounding to nearest is left out of the opcode.
struct Row {
  const char *opcode, *result;
};
constexpr Row kResults[] = {
    {"mov", "$1"},
    {"add", "~plus($1, $2)"},
    {"sub", "~minus($1, $2)"},
    {"mul", "~times($1, $2)"},
    {"mul.lo", "~times($1, $2)"},
    {"mul.hi", "~times_high($1, $2)"},
    {"mul.wide", "~times_wide($1, $2)"},
    {"mad.lo", "~plus(~times($1, $2), $3)"},
    {"mad", "~fused($1, $2, $3)"},
    {"fma", "~fused($1, $2, $3)"},
    {"div", "~divided($1, $2)"},
    {"rem", "~remainder($1, $2)"},
    {"min", "~least($1, $2)"},
    {"max", "~greatest($1, $2)"},
    {"abs", "~magnitude($1)"},
    {"neg", "~minus(decltype($1){}, $1)"},
    {"not", "~inverted($1)"},
    {"and", "~both($1, $2)"},
    {"or", "~either($1, $2)"},
    {"xor", "~differing($1, $2)"},
    {"shl", "~shifted_left($1, #2)"},
    {"shr", "~shifted_right($1, #2)"},
    {"shf.l.wrap", "__funnelshift_l($1, $2, #3)"},
    {"shf.r.wrap", "__funnelshift_r($1, $2, #3)"},
    {"popc", "__popc($1)"},
    {"clz", "__clz(static_cast<int>($1))"},
    {"brev", "__brev($1)"},
    {"bfe", "~field($1, #2, #3)"},
    {"bfi", "~with_field($1, $2, #3, #4)"},
    {"lop3", "~chosen_bits($1, $2, $3, #4)"},
    {"prmt", "__byte_perm($1, $2, #3)"},
    {"selp", "(?3 ? $1 : $2)"},
    {"ex2", "~power_of_two($1)"},
    {"lg2", "~logarithm($1)"},
    {"rcp", "~divided(~bits<decltype($1)>(0x3f800000u), $1)"},
    {"rsqrt", "::rsqrtf($1)"},
    {"sqrt", "::sqrtf($1)"},
    {"sin", "::sinf($1)"},
    {"cos", "::cosf($1)"},
    {"tanh", "~hyperbolic($1)"},
    {"activemask", "__activemask()"},
    {"createpolicy.fractional", "0ull"},
    {"vote.sync.ballot", "__ballot_sync(#2, ?1)"},
    {"vote.sync.any", "(__any_sync(#2, ?1) != 0)"},
    {"vote.sync.all", "(__all_sync(#2, ?1) != 0)"},
    {"shfl.sync.idx", "~shuffled<workbook_shuffle_index>(#1, #2, #3, #4)"},
    {"shfl.sync.up", "~shuffled<workbook_shuffle_up>(#1, #2, #3, #4)"},
    {"shfl.sync.down", "~shuffled<workbook_shuffle_down>(#1, #2, #3, #4)"},
    {"shfl.sync.bfly", "~shuffled<workbook_shuffle_xor>(#1, #2, #3, #4)"},
};

/// Instructions that compute nothing.
constexpr Row kActions[] = {
    {"cp.async.commit_group", "workbook_cuda_async_commit()"},
    {"cp.async.wait_group", "workbook_cuda_async_wait(static_cast<int>(#0))"},
    {"cp.async.wait_all", "workbook_cuda_async_wait(-1)"},
    {"bar.warp.sync", "__syncwarp(#0)"},
    {"membar.cta", "__threadfence_block()"},
    {"membar.gl", "__threadfence()"},
    {"membar.sys", "__threadfence()"},
    {"fence.acq_rel.cta", "__threadfence_block()"},
    {"fence.acq_rel.gpu", "__threadfence()"},
    {"fence.acq_rel.sys", "__threadfence()"},
    {"fence.sc.cta", "__threadfence_block()"},
    {"fence.sc.gpu", "__threadfence()"},
    {"fence.sc.sys", "__threadfence()"},
    {"prefetch", "static_cast<void>(0)"},
    {"prefetch.global", "static_cast<void>(0)"},
    {"prefetchu", "static_cast<void>(0)"},
    {"nanosleep", "static_cast<void>(0)"},
    {"trap", "__trap()"},
};

const std::map<std::string, std::string, std::less<>> kTypes = {
    {"pred", "bool"},
    {"b8", "unsigned char"},
    {"u8", "unsigned char"},
    {"s8", "signed char"},
    {"b16", "unsigned short"},
    {"u16", "unsigned short"},
    {"s16", "short"},
    {"b32", "unsigned"},
    {"u32", "unsigned"},
    {"s32", "int"},
    {"b64", "unsigned long long"},
    {"u64", "unsigned long long"},
    {"s64", "long long"},
    {"f32", "float"},
    {"f64", "double"},
    {"f16", "::workbook::ptx::Half"},
    {"bf16", "::workbook::ptx::Bfloat"},
    {"f16x2", "::workbook::ptx::Pair<::workbook::ptx::Half>"},
    {"bf16x2", "::workbook::ptx::Pair<::workbook::ptx::Bfloat>"},
};

const char* find(const Row* first, const Row* last, const std::string& opcode) {
  for (; first != last; ++first)
    if (opcode == first->opcode) return first->result;
  return nullptr;
}

}  // namespace

const char* ptx_result(const std::string& opcode) { return find(std::begin(kResults), std::end(kResults), opcode); }
const char* ptx_action(const std::string& opcode) { return find(std::begin(kActions), std::end(kActions), opcode); }

const std::string& cpp_of_ptx_type(const std::string& type) {
  static const std::string none;
  const auto found = kTypes.find(type);
  return found == kTypes.end() ? none : found->second;
}

bool is_ignored_in_ptx(const std::string& part) {
  for (const char* word : {"ftz", "approx", "full", "rn", "noftz", "aligned", "nc", "ca", "cg", "cs", "lu", "cv", "wb",
                           "wt", "weak", "L1", "L2"})
    if (part == word || part.starts_with(std::string(word) + "::")) return true;
  return false;
}

std::string cpp_of_ptx_register(const std::string& name) {
  static const std::map<std::string, std::string> kRegisters = {
      {"laneid", "::workbook::cuda::lane_of_warp()"},
      {"warpid", "::workbook::ptx::warp_of_block()"},
      {"lanemask_eq", "::workbook::ptx::lanes_equal()"},
      {"lanemask_lt", "::workbook::ptx::lanes_below()"},
      {"lanemask_le", "(::workbook::ptx::lanes_below() | ::workbook::ptx::lanes_equal())"},
      {"lanemask_gt", "~(::workbook::ptx::lanes_below() | ::workbook::ptx::lanes_equal())"},
      {"lanemask_ge", "~::workbook::ptx::lanes_below()"},
      {"clock", "static_cast<unsigned>(clock64())"},
      {"clock64", "static_cast<unsigned long long>(clock64())"},
      {"globaltimer", "static_cast<unsigned long long>(clock64())"},
  };
  if (const auto found = kRegisters.find(name); found != kRegisters.end()) return found->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || name.size() != dot + 2 || name.find_first_of("xyz", dot) != dot + 1) return {};
  const std::string of = name.substr(0, dot), axis = name.substr(dot);
  if (of == "tid") return "threadIdx" + axis;
  if (of == "ntid") return "blockDim" + axis;
  if (of == "ctaid") return "blockIdx" + axis;
  if (of == "nctaid") return "gridDim" + axis;
  return {};
}

std::string cpp_of_constraint(char constraint) {
  switch (constraint) {
    case 'h':
      return "unsigned short";
    case 'r':
      return "unsigned";
    case 'l':
      return "unsigned long long";
    case 'f':
      return "float";
    case 'd':
      return "double";
    default:
      return {};
  }
}

}  // namespace workbook::cuda
