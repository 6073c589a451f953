/// Faulty kernels, each with the verdict and the words it must get; correct ones, which must be left in peace.

#include "faults.h"
#include "common/checker/catch.h"
#include "common/checker/remote_call.h"

using namespace workbook;

namespace {

struct Judged {
  Verdict verdict = Verdict::passed;
  std::string text;
};

Judged judge(const std::string& file, const std::string& name) {
  RunOptions options{FAULTS_FOLDER "/" + file + ".so", WORKER_PATH};
  options.limits.cpu_seconds = 1;
  set_session(std::make_unique<Session>(options, typeid(decltype(faults::contract) const).name(), 1));
  session().allow_device_copies();
  Tensor x({256}, 1.f);
  try {
    remote_call<faults::run, const std::string&, DeviceTensor<float>>(session(), 0, 1, name, x);
  } catch (const std::exception& e) {
    if (session().notes().empty()) session().note(Verdict::wrong, e.what());
  }
  Judged judged;
  for (const Note& note : session().notes()) {
    judged.verdict = worse(judged.verdict, note.verdict);
    judged.text += note.text + "\n";
  }
  set_session(nullptr);
  return judged;
}

struct Expected {
  const char* file;
  const char* name;
  Verdict verdict;
  const char* text;
};

constexpr Verdict wrong = Verdict::wrong, crashed = Verdict::crashed, passed = Verdict::passed;

}  // namespace

TEST_CASE("each faulty kernel is told what it did", "[faults]") {
  const auto [file, name, verdict, text] = GENERATE(
      Expected{"memory", "past the end", crashed,
               "memory.cu:8: kernel past_the_end, block (0, 0, 0), thread (0, 0, 0) writes 4 bytes at byte 1024 of an "
               "allocation of 1024 bytes, made by the test"},
      Expected{"memory", "before the start", crashed,
               "before the first allocation on the device. Can the index be negative?"},
      Expected{"memory", "no guard", crashed, "block (2, 0, 0), thread (56, 0, 0) reads 4 bytes"},
      Expected{"memory", "null pointer", crashed, "a null pointer"},
      Expected{"memory", "misaligned", crashed, "not a multiple of 16 (it is 4 bytes past one)"},
      Expected{"memory", "shared unwritten", wrong,
               "reads shared memory (tile, byte 124), which no thread of its block has written"},
      Expected{"memory", "register array", crashed, "index 4 is outside of an array of type 'float [4]'"},
      Expected{"memory", "shared array", crashed, "index 32 is outside of an array of type 'float [32]'"},
      Expected{"memory", "dynamic too small", crashed, "at byte 64 of dynamic shared memory; the launch asked for 64"},
      Expected{"memory", "another's local variable", crashed, "among the local variables of thread (0, 0, 0)"},
      Expected{"memory", "assertion", crashed, "the assertion `x[threadIdx.x] < -1` failed"},
      Expected{"memory", "host pointer", crashed, "of host memory, which a kernel cannot reach"},
      Expected{"memory", "host follows device pointer", crashed, "the host writes memory of the device"},
      Expected{"memory", "unwritten", wrong, "reads byte 0 of an allocation of 128 bytes, which was never written"},
      Expected{"memory", "used after free", crashed, "of memory that was freed at memory.cu:"},
      Expected{"memory", "leak", wrong, "these 128 bytes of device memory are never freed"},
      Expected{"memory", "correct", passed, ""},
      Expected{"threads", "missing barrier", wrong,
               "writes a word of shared memory (tile, byte 128) that thread (31, 0, 0) has read since the last "
               "barrier: a race"},
      Expected{"threads", "barrier once", wrong, "since the last barrier: a race"},
      Expected{
          "threads", "all write", wrong,
          "that thread (31, 0, 0) has written since the last barrier: a race. It was written at threads.cu:23. Both"},
      Expected{"threads", "blocks write", wrong, "was written by another block of the same launch"},
      Expected{"threads", "blocks read", wrong, "by another block of the same launch"},
      Expected{"threads", "within a warp", wrong, "are of one warp, a __syncwarp() is enough"},
      Expected{"threads", "divergent barrier", wrong, "40 of 64 threads wait at this barrier, but thread (40, 0, 0)"},
      Expected{"threads", "early return", wrong, "50 of 64 threads wait at this barrier, but thread (50, 0, 0)"},
      Expected{"threads", "two barriers", wrong, "at the one at threads.cu:"},
      Expected{"threads", "half mask", wrong, "does not name its own lane 16"},
      Expected{"threads", "shuffle in a branch", wrong, "must make the same call with the same mask"},
      Expected{"threads", "lane takes no part", wrong, "takes a value from lane 20"},
      Expected{"threads", "too many threads", wrong, "2048 threads; expected at most 1024"},
      Expected{"threads", "too much shared", wrong, "65536 bytes in __shared__ variables; expected at most 49152"},
      Expected{"threads", "too much dynamic", wrong, "50000 bytes of dynamic shared memory; expected at most 49152"},
      Expected{"threads", "spins", Verdict::timed_out, ", kernel spins, block (0, 0, 0), thread (0, 0, 0)"},
      Expected{"threads", "waits for the next block", Verdict::timed_out, ". It was at threads.cu:"},
      Expected{"threads", "correct", passed, ""},
      Expected{
          "matrix", "missing async wait", wrong,
          "has left the newest 2 groups out, and this copy is in one of them. Close another group before the wait"},
      Expected{"matrix", "async wait too short", wrong,
               "Its last wait has left the newest group out, and this copy is in it. Close another group before the "
               "wait, an empty one where there is nothing to copy, or wait for fewer to be left: cp_async_wait"},
      Expected{"matrix", "async without barrier", wrong, "since the last barrier: a race"},
      Expected{"matrix", "async over what is read", wrong, "has read since the last barrier: a race"},
      Expected{"matrix", "launch bounds", wrong,
               "with 96 threads for each block; its __launch_bounds__ promises at most 64"},
      Expected{"matrix", "half a warp multiplies", wrong,
               "comes to an ldmatrix, which the 32 lanes of a warp do together; lane 16"},
      Expected{"matrix", "misaligned row", crashed, "that is not a multiple of 16 bytes (it is 2 past one)"},
      Expected{"matrix", "rows in global memory", crashed, "an address in global memory; it reads shared memory only"},
      Expected{"matrix", "mma in a branch", wrong, "must make the same call with the same mask"},
      Expected{"matrix", "misaligned fragment", crashed, "that is not a multiple of 32 bytes (it is 16 past one)"},
      Expected{"matrix", "matrix loaded in a branch", wrong,
               "waits at a load or store of a matrix for the lanes of mask"},
      Expected{"matrix", "odd stride", wrong, "whose rows are 60 bytes apart; expected a multiple of 16"},
      Expected{"matrix", "fragment past the end", crashed, "of an allocation of 1024 bytes"},
      Expected{"matrix", "tile in a branch", wrong, "must make the same call with the same mask"},
      Expected{"matrix", "halves past the end", crashed, "writes 4 bytes at byte 1024 of an allocation of 1024 bytes"},
      Expected{"matrix", "correct", passed, ""}, Expected{"races", "one value", passed, ""},
      Expected{"races", "several values", wrong, "has given another value by the same instruction"},
      Expected{"races", "volatile sum", passed, ""},
      Expected{"races", "volatile sum without syncwarp", wrong, "`volatile` is no barrier"},
      Expected{"races", "compare and swap", passed, ""},
      Expected{"races", "a guess and no atomic", wrong,
               "(byte 256 of 1024: element [64] of an argument of shape [256]) that thread (0, 0, 0) has read since"},
      Expected{"races", "a sum that is read at once", wrong,
               "thread (1, 0, 0) reads a word of global memory (byte 256"},
      Expected{"races", "volatile in global memory", wrong, "`volatile` is no barrier"},
      Expected{"races", "lock", passed, ""},
      Expected{"races", "lock without fence", wrong, "a __threadfence() has to stand before it"},
      Expected{"races", "fence behind the lock", wrong, "a __threadfence() has to stand before it"},
      Expected{"races", "two locks", wrong, "by another block of the same launch, block (0, 0, 0), thread (63, 0, 0)"},
      Expected{"races", "last block", passed, ""},
      Expected{"races", "last block without fence", wrong, "that is told by an atomic after a __threadfence()"},
      Expected{"races", "last block, fence behind", wrong, "that is told by an atomic after a __threadfence()"},
      Expected{"races", "last block by a variable", passed, ""},
      Expected{"races", "last block by a variable, no fence", wrong, "was written by another block"},
      Expected{"races", "chain of blocks", passed, ""}, Expected{"races", "active lanes", passed, ""},
      Expected{"races", "not an active lane", wrong, "takes a value from lane 10"},
      Expected{"races", "within halves", passed, ""},
      Expected{"races", "across halves", wrong, "that thread (16, 0, 0) has written since the last barrier: a race"},
      Expected{"races", "barriers of a macro", wrong, "of the same block at the one at races.cu:"},
      Expected{"races", "barriers on one line", wrong, "of the same block at the one at races.cu:"},
      Expected{"races", "barriers of a function", wrong, "of the same block at the one at races.cu:"},
      Expected{"races", "barriers of an inline function", wrong, "of the same block at the one at races.cu:"},
      Expected{"races", "all in one branch", passed, ""},
      Expected{"races", "passes by a barrier", wrong, "This thread passes by the barrier at races.cu:"},
      Expected{"races", "comes to the same barrier", wrong,
               "Put a __syncthreads() between the two, unless one of them should use another place."},
      Expected{"races", "race of two rounds", wrong, "(there for the 2nd time, here for the 1st). Put a"},
      Expected{"races", "callee's shared memory", wrong, "uses 65536 bytes in __shared__ variables, with those of the"},
      Expected{"races", "past a tile", crashed, "at byte 132 of tile, a __shared__ variable of 132 bytes"},
      Expected{"races", "far past a tile", crashed, "a __shared__ variable of"}, Expected{"races", "rows", passed, ""},
      Expected{"races", "rows too short", wrong, "a barrier would only choose which value stays"},
      Expected{"races", "batches", passed, ""},
      Expected{"races", "batch stride", wrong, "does the index use each of its axes, with the right stride?"},
      Expected{"races", "grid", passed, ""},
      Expected{"races", "one too far", crashed, "The launch has a grid of (4, 1, 1) blocks of (64, 1, 1) threads"},
      Expected{"races", "stride too wide", crashed, "The launch has a grid of (8, 1, 1) blocks of (64, 1, 1) threads"},
      Expected{"races", "grid swapped", crashed, "The launch has a grid of (4, 2, 1) blocks of (32, 1, 1) threads"},
      Expected{
          "assembly", "misaligned row", crashed,
          "assembly.cu:25: kernel misaligned_row, block (0, 0, 0), thread (0, 0, 0) takes a matrix at an address that "
          "is not a multiple of 16 bytes (it is 2 past one)"},
      Expected{"assembly", "of global memory", crashed,
               "takes the address in shared memory of a pointer that points elsewhere"},
      Expected{"assembly", "past the end", crashed,
               "reads 4 bytes at byte 128 of dynamic shared memory; the launch asked for 128"},
      Expected{"assembly", "far outside", crashed, "of dynamic shared memory; the launch asked for 0"},
      Expected{"assembly", "missing wait", wrong,
               "where the cp_async at assembly.cu:40 of thread (31, 0, 0) has not arrived yet"},
      Expected{
          "assembly", "misaligned vector", crashed,
          "assembly.cu:47: kernel misaligned_vector, block (0, 0, 0), thread (0, 0, 0) reads 8 bytes at an address"},
      Expected{"assembly", "correct", passed, ""},
      Expected{"calls", "wrong direction", wrong, "the destination is on the device, but it is a pointer of the host"},
      Expected{"calls", "too many bytes", wrong, "the destination has 1024 bytes from there to the end"},
      Expected{"calls", "freed twice", wrong, "was freed already, at calls.cu:"},
      Expected{"calls", "argument freed twice", wrong, "was freed already, at calls.cu:"},
      Expected{"calls", "host pointer freed", wrong, "a pointer that cudaMalloc did not give"},
      Expected{"calls", "middle freed", wrong, "into the middle of an allocation"},
      Expected{"calls", "unwritten copied", wrong, "byte 0 of 64 was never written on the device"},
      Expected{"calls", "missing wait", wrong, "the host uses what the cudaMemcpyAsync at calls.cu:"},
      Expected{"calls", "stream left behind", wrong, "this stream is never destroyed"},
      Expected{"calls", "result from the host", wrong,
               "calls.cu:79: this is written by the host, and goes back to it as a result: byte 0 of 1024"},
      Expected{"calls", "result from the host, round about", wrong, "is stored by no kernel in between"},
      Expected{"calls", "result set byte by byte", wrong, "is stored by no kernel in between"},
      Expected{"calls", "variable read by the host", wrong, "the host reads a variable that a kernel has written at"},
      Expected{"calls", "variable set by the host", wrong, "reads a variable that the host has set at calls.cu:"},
      Expected{"calls", "kernel copies", crashed, "calls cudaMemcpy, which only the host can"},
      Expected{"calls", "shared memory read by the host", crashed, "the host reads shared or local memory of a block"},
      Expected{"calls", "a thread's memory read by the host", crashed, "shared or local memory of a block"},
      Expected{"calls", "awaited copy", passed, ""}, Expected{"calls", "correct", passed, ""});
  const Judged judged = judge(file, name);
  INFO(file << ": " << name << "\n" << judged.text);
  CHECK(judged.verdict == verdict);
  CHECK_THAT(judged.text, contains_text(text));
}
