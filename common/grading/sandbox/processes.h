#pragma once
/// The processes of a user.

#include <sys/types.h>

namespace workbook::grading {

/// How many threads that user's processes have in all, as far as /proc shows them.
long threads_of(uid_t user);

/// Kills every process of `user`, which must be nobody's but a sandbox's, and waits until none is left. Root only.
/// @throws std::runtime_error if one remains
void end_all_of(uid_t user);

}  // namespace workbook::grading
