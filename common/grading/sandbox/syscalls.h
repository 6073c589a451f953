#pragma once
/// Which system calls a process may still make, by seccomp.

namespace workbook::grading {

/// What a worker needs to load a library, compute, and answer on its socket, and nothing more: no processes, no
/// programs, no sockets, no files but to read, no memory that is shared or escapes RLIMIT_DATA. What only an attack
/// asks for ends the process; anything else answers "no such system call".
/// @throws std::system_error if the kernel refuses
void allow_only_workers_calls();

/// A compiler runs programs and writes files, so this only takes away what no compiler needs: sockets, other
/// processes' memory, mounts, namespaces, keys, and the kernel's rarely used corners.
/// @throws std::system_error if the kernel refuses
void forbid_what_no_compiler_needs();

}  // namespace workbook::grading
