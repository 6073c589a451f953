#include "common/cuda/translate/refusals.h"

#include <string_view>

namespace workbook::cuda {
namespace {

constexpr const char *kManaged = "managed memory is not simulated: allocate with cudaMalloc, and copy with cudaMemcpy",
                     *kTexture = "textures and surfaces are not simulated: read the array through a pointer",
                     *kLaunch = "a launch by a function is not simulated: write kernel<<<grid, block>>>(arguments)",
                     *kCooperative =
                         "a cooperative launch is not simulated: end the kernel where all blocks wait for "
                         "each other, and launch a second one",
                     *kGraph = "CUDA graphs are not simulated: launch the kernels one after the other",
                     *kCluster = "thread block clusters are not simulated: let each block load what it reads",
                     *kTensorMap = "tensor maps are not simulated: copy with cp.async or with plain loads";

/// `*` at the end of a word stands for any other letters. What takes its place lets the rest compile.
struct Refused {
  std::string_view word;
  const char* sentence;
  const char* instead;
};

constexpr const char *kCall = "::workbook::cuda::not_simulated", *kValue = "::workbook::cuda::not_simulated_value",
                     *kType = "::workbook::cuda::NotSimulated";

constexpr Refused kRefused[] = {
    {"__managed__", kManaged, ""},
    {"cudaMallocManaged", kManaged, kCall},
    {"cudaMemPrefetch*", kManaged, kCall},
    {"cudaMemAdvise*", kManaged, kCall},
    {"cudaTextureObject_t", kTexture, kType},
    {"cudaSurfaceObject_t", kTexture, kType},
    {"cudaCreateTextureObject", kTexture, kCall},
    {"cudaCreateSurfaceObject", kTexture, kCall},
    {"cudaBindTexture*", kTexture, kCall},
    {"tex1D*", kTexture, kValue},
    {"tex2D*", kTexture, kValue},
    {"tex3D*", kTexture, kValue},
    {"surf1D*", kTexture, kValue},
    {"surf2D*", kTexture, kValue},
    {"surf3D*", kTexture, kValue},
    {"cudaLaunchKernel", kLaunch, kCall},
    {"cudaLaunchKernelEx*", kLaunch, kCall},
    {"cudaLaunchCooperativeKernel*", kCooperative, kCall},
    {"cudaGraph_t", kGraph, kType},
    {"cudaGraphExec_t", kGraph, kType},
    {"cudaGraph*", kGraph, kCall},
    {"cudaStreamBeginCapture*", kGraph, kCall},
    {"cudaStreamEndCapture", kGraph, kCall},
    {"this_cluster", kCluster, kCall},
    {"CUtensorMap", kTensorMap, kType},
    {"cuTensorMapEncode*", kTensorMap, kCall},
};

const Refused* refused(std::string_view word) {
  for (const Refused& row : kRefused)
    if (row.word.ends_with('*') ? word.starts_with(row.word.substr(0, row.word.size() - 1)) : word == row.word)
      return &row;
  return nullptr;
}

/// A name that the file itself gives to something else.
bool is_defined(const SourceText& text, const std::string& word) {
  for (const Directive& directive : text.directives)
    if (directive.macro == word) return true;
  return false;
}

}  // namespace

std::string error_pragma(const std::string& sentence) {
  std::string quoted;
  for (const char c : sentence) {
    if (c == '"' || c == '\\') quoted += "\\\\\\";  // within the literal within the literal
    quoted += c;
  }
  return "_Pragma(\"GCC error \\\"" + quoted + "\\\"\") ";
}

void translate_refused_words(const SourceText& text, Edits& edits) {
  const std::string& code = text.code;
  for (std::size_t at = 0, end = 0; at < code.size(); at = std::max(end, at + 1)) {
    for (end = at; end < code.size() && is_word(code[end]);) ++end;
    if (end == at) continue;
    const Directive* directive = text.directive_at(at);
    if (directive && (directive->name != "define" || at < directive->body)) continue;
    const std::string word = code.substr(at, end - at);
    const std::size_t next = skip_blanks(code, end);
    if ((word == "texture" || word == "surface") && next < code.size() && code[next] == '<') {
      edits.replace(at, end, error_pragma(kTexture) + "::workbook::cuda::NotSimulatedReference");
    } else if (word == "__cluster_dims__") {
      const std::size_t close = next < code.size() && code[next] == '(' ? closing(code, next) : npos;
      edits.replace(at, close == npos ? end : close + 1, error_pragma(kCluster));
    } else if (const Refused* row = refused(word); row && !is_defined(text, word)) {
      edits.replace(at, end, error_pragma(row->sentence) + row->instead);
    }
  }
}

}  // namespace workbook::cuda
