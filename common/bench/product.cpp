#include "common/bench/product.h"

#include <dlfcn.h>

#include "common/tensor/linalg.h"

namespace workbook::bench {

namespace {

/// oneDNN, loaded while the program runs: where there is none, nothing is missing. These declarations are the same in
/// its versions 2 and 3.
class OneDnn {
 public:
  static const OneDnn& instance() {
    static const OneDnn loaded;
    return loaded;
  }

  bool works() const { return sgemm_ != nullptr; }

  std::string version() const {
    return std::to_string(version_->major) + "." + std::to_string(version_->minor) + "." +
           std::to_string(version_->patch);
  }

  void multiply(ConstView a, ConstView b, View out) const {
    set_threads_(1);  // of this thread's teams: no pool is made, whose threads would spin beside what is timed next
    const int failed = sgemm_('N', 'N', a.rows(), b.cols(), a.cols(), 1, a.data(), a.outerStride(), b.data(),
                              b.outerStride(), 0, out.data(), out.outerStride());
    if (failed) throw std::runtime_error("oneDNN refused a product");
  }

 private:
  struct Version {
    int major, minor, patch;
    const char* hash;
    unsigned cpu_runtime, gpu_runtime;
  };
  static constexpr unsigned kOpenMp = 2;

  OneDnn() {
    void* library = nullptr;  // stays loaded
    for (const char* name : {"libdnnl.so.3", "libdnnl.so.2"})
      if (!library) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    const auto version = find<const Version*()>(library, "dnnl_version");
    set_threads_ = find<void(int)>(library, "omp_set_num_threads");
    version_ = version ? version() : nullptr;
    if (version_ && version_->cpu_runtime == kOpenMp && set_threads_) sgemm_ = find<Sgemm>(library, "dnnl_sgemm");
    if (!works()) return;
    const Matrix a = Matrix::Ones(64, 64);  // the first product compiles the library's kernels
    Matrix out(64, 64);
    multiply(ConstView(a.data(), 64, 64, 64), ConstView(a.data(), 64, 64, 64), View(out.data(), 64, 64, 64));
  }

  template <class F>
  static F* find(void* library, const char* name) {
    return reinterpret_cast<F*>(dlsym(library, name));
  }

  using Sgemm = int(char, char, std::int64_t, std::int64_t, std::int64_t, float, const float*, std::int64_t,
                    const float*, std::int64_t, float, float*, std::int64_t);
  Sgemm* sgemm_ = nullptr;
  void (*set_threads_)(int) = nullptr;
  const Version* version_ = nullptr;
};

}  // namespace

void multiply(ConstView a, ConstView b, View out) {
  OneDnn::instance().works() ? OneDnn::instance().multiply(a, b, out) : matmul(a, b, out);
}

std::string multiplier() {
  if (OneDnn::instance().works()) return "oneDNN " + OneDnn::instance().version();
  return "Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

}  // namespace workbook::bench
