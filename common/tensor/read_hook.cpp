#include "common/tensor/read_hook.h"

#include <atomic>

namespace workbook {
namespace {
std::atomic<ReadHook> current{nullptr};
}

ReadHook read_hook() { return current.load(std::memory_order_relaxed); }
void set_read_hook(ReadHook hook) { current.store(hook, std::memory_order_relaxed); }

}  // namespace workbook
