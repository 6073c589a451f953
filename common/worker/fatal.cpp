#include "common/worker/fatal.h"

#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include "common/contract/message.h"

namespace workbook::fatal {
namespace {

int reply_fd = -1;
const MeasuredStack* measured_stack = nullptr;
std::uintptr_t plugin_first = 0, plugin_last = 0;
void (*who_runs)(char* to, std::size_t room) = nullptr;
constexpr std::size_t kHandlerStack = 64 * 1024;  // unwinding needs more than SIGSTKSZ
alignas(64) std::byte handler_stack[kHandlerStack];

std::uintptr_t program_counter(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(machine.pc);
#else
#error "expected x86-64 or 64-bit Arm"
#endif
}

void add_frame(Fatal& message, std::uintptr_t address) {
  if (!is_in_plugin(address) || message.frames == message.offsets.size()) return;
  message.offsets[message.frames++] = address - plugin_first;
}

/// Call stack inside the plugin: the faulting instruction itself, then the calls that led to it (a return address
/// belongs to the instruction before it).
void add_frames(Fatal& message, std::uintptr_t pc) {
  void* frames[64];
  const int n = backtrace(frames, 64);
  if (pc) add_frame(message, pc);
  bool below_handler = pc == 0;
  for (int i = 0; i < n; ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(frames[i]);
    if (below_handler) add_frame(message, address - 1);
    if (address == pc) below_handler = true;
  }
}

[[noreturn]] void send(const Fatal& message) {
  struct {
    FrameHeader header;
    Fatal message;
  } frame{{FrameKind::fatal, 0, sizeof(Fatal)}, message};
  static_assert(sizeof frame == sizeof(FrameHeader) + sizeof(Fatal));
  [[maybe_unused]] const auto written = write(reply_fd, &frame, sizeof frame);
  _exit(121);
}

void on_signal(int signal, siginfo_t* details, void* context) {
  Fatal message;
  message.kind = signal == SIGXCPU ? FatalKind::timed_out : FatalKind::signal;
  message.signal = signal;
  message.forbidden = signal == SIGSEGV && details->si_code == SEGV_ACCERR;
  message.stack_overflow = signal == SIGSEGV && measured_stack && measured_stack->overflowed_at(details->si_addr);
  add_frames(message, program_counter(context));
  if (who_runs) who_runs(message.who.data(), message.who.size());
  send(message);
}

}  // namespace

void set_channel(int fd) { reply_fd = fd; }

void install(const MeasuredStack* stack) {
  measured_stack = stack;
  void* warm_up[2];
  backtrace(warm_up, 2);  // loads the unwinder now: it cannot be loaded inside a handler
  const stack_t alternate{.ss_sp = handler_stack, .ss_flags = 0, .ss_size = kHandlerStack};
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGXCPU})
    sigaction(signal, &action, nullptr);
}

void set_plugin_range(std::uintptr_t first, std::uintptr_t last) {
  plugin_first = first;
  plugin_last = last;
}

void set_who_runs(void (*asked)(char* to, std::size_t room)) { who_runs = asked; }

void out_of_memory(std::uint64_t asked) {
  Fatal message;
  message.kind = FatalKind::out_of_memory;
  message.asked = asked;
  add_frames(message, 0);
  send(message);
}

bool is_in_plugin(std::uintptr_t address) { return address >= plugin_first && address < plugin_last; }

void data_race(std::span<const std::uintptr_t> accesses) {
  Fatal message;
  message.kind = FatalKind::data_race;
  for (const std::uintptr_t access : accesses) add_frame(message, access);
  send(message);
}

}  // namespace workbook::fatal
