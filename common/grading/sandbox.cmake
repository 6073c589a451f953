# The sandbox, for instructors. Without these packages it is left out, and everything else is built as before.
find_path(SECCOMP_INCLUDE seccomp.h)
find_library(SECCOMP_STATIC libseccomp.a)
if(NOT SECCOMP_INCLUDE OR NOT SECCOMP_STATIC OR WORKBOOK_SANITIZER)
  message(STATUS "the sandbox of grading is left out: it needs libseccomp, and no sanitizer")
  return()
endif()

# Runs other programs in ever smaller worlds. Static: it starts quickly, and in a world without libraries.
add_executable(confine EXCLUDE_FROM_ALL sandbox/confine.cpp sandbox/landlock.cpp sandbox/processes.cpp
  sandbox/syscalls.cpp)
set_target_properties(confine PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${WORKBOOK_BIN})
target_link_libraries(confine PRIVATE workbook_options ${SECCOMP_STATIC})
target_link_options(confine PRIVATE -static)

# Looks at what a compiler made of a submission, in the compiler's sandbox.
add_executable(inspect_object EXCLUDE_FROM_ALL judging/inspect_object.cpp judging/object_file.cpp
  judging/object_rules.cpp)
set_target_properties(inspect_object PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${WORKBOOK_BIN})
target_link_libraries(inspect_object PRIVATE workbook_options)
target_link_options(inspect_object PRIVATE -static)

# The worker of submissions: the ordinary one, but it locks itself down before it loads anything.
set(worker_sources main host frames plugin_loader stack threads fatal)
list(TRANSFORM worker_sources PREPEND ../worker/)
list(TRANSFORM worker_sources APPEND .cpp)
add_executable(worker.graded EXCLUDE_FROM_ALL ${worker_sources} ../worker/meter.cpp sandbox/lockdown.cpp
  sandbox/syscalls.cpp)
target_link_libraries(worker.graded PRIVATE workbook ${SECCOMP_STATIC} ${CMAKE_DL_LIBS})
set_target_properties(worker.graded PROPERTIES ENABLE_EXPORTS ON RUNTIME_OUTPUT_DIRECTORY ${WORKBOOK_BIN}
  BUILD_RPATH_USE_ORIGIN ON)

add_library(workbook_sandbox STATIC EXCLUDE_FROM_ALL sandbox/sandbox_command.cpp sandbox/processes.cpp sandbox/sandbox.cpp
  judging/commands.cpp judging/compile.cpp judging/run_checker.cpp judging/lesson_build.cpp judging/stage.cpp)
target_link_libraries(workbook_sandbox PUBLIC workbook_cli_flags)
target_precompile_headers(workbook_sandbox REUSE_FROM workbook_tool_pch)
add_dependencies(workbook_sandbox confine inspect_object worker.graded)
add_dependencies(everything confine inspect_object worker.graded workbook_sandbox)
