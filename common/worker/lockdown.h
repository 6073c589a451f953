#pragma once
/// What a worker gives up before it loads an implementation it must not trust.
///
/// common/grading/sandbox/lockdown.cpp does it, for worker.graded; lockdown_off.cpp, for everybody's own machine, gives
/// up nothing.

namespace workbook {

/// Leaves this process nothing but its memory, its threads, reading files, and the socket. Ends the process if that is
/// not possible.
void lock_down(int socket);

}  // namespace workbook
