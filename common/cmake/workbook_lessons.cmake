# add_lessons() finds every lesson by its folder; nothing lists them.
#
# For lesson NN_name, with `impl` one of student, solution, mistake.<stem>:
#   NN_name.checker          the judge: test cases, never linked to an implementation
#   NN_name.<impl>           a plugin; with .asan, .count, ... after it, another flavour (workbook_flavours.cmake)
#   NN_name.<impl>.tested    all that the tests load; of the student's file and the solution
#   NN_name.mistakes         all mistakes
#   NN_name.figure           draws the lesson's figure
#   NN_name.lies             plugins that answer something else now and then (common/contract/lies.h)
# All of them are built only when asked for.

# A contract: the header lessons/NN_name/name.h (or another folder's), its namespace, its glue.
# Everything about `id` finds the header through the interface target ${id}.contract.
function(workbook_add_contract id name folder)
  add_library(${id}.contract INTERFACE)
  target_include_directories(${id}.contract INTERFACE ${folder})
  target_link_libraries(${id}.contract INTERFACE workbook)
  workbook_add_glue(${id}.glue ${id} ${name})
endfunction()

# What every glue includes, compiled once.
add_library(workbook_glue_pch OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/cmake/pch.cpp)
target_link_libraries(workbook_glue_pch PRIVATE workbook)
target_compile_options(workbook_glue_pch PRIVATE -fvisibility=hidden -O1)
target_precompile_headers(workbook_glue_pch PRIVATE ${CMAKE_SOURCE_DIR}/common/cmake/glue_pch.h)

function(workbook_add_glue target id name)
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/contract/glue.cpp)
  target_link_libraries(${target} PRIVATE ${id}.contract)
  target_compile_options(${target} PRIVATE -fvisibility=hidden -O1)
  target_precompile_headers(${target} REUSE_FROM workbook_glue_pch)
  workbook_define_contract(${target} ${id} ${name})
endfunction()

# What common/contract/lesson.h wants to know.
function(workbook_define_contract target id name)
  target_compile_definitions(${target} PRIVATE
    WORKBOOK_LESSON_ID="${id}" WORKBOOK_LESSON_HEADER="${name}.h" WORKBOOK_LESSON=${name})
endfunction()

# What nearly every file of tests includes, compiled once. Files of programs are compiled with -fPIE, objects of
# libraries with -fPIC, and a precompiled header is for one of the two.
add_library(workbook_checker_pch OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/cmake/pch.cpp)
target_link_libraries(workbook_checker_pch PRIVATE workbook workbook_checked workbook_checker workbook_catch workbook_oracle)
set_target_properties(workbook_checker_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(workbook_checker_pch PRIVATE -fPIE -O1 -fwrapv)
target_precompile_headers(workbook_checker_pch PRIVATE ${CMAKE_SOURCE_DIR}/common/cmake/checker_pch.h)

# The judge of a contract: its test cases and everything common, no implementation.
function(workbook_add_checker id name)
  add_executable(${id}.checker EXCLUDE_FROM_ALL ${ARGN} ${CMAKE_SOURCE_DIR}/common/checker/main.cpp)
  target_link_libraries(${id}.checker PRIVATE ${id}.contract workbook_checked workbook_checker workbook_reporter
    workbook_catch workbook_attention_tests workbook_oracle)
  workbook_define_contract(${id}.checker ${id} ${name})
  # What somebody may have computed wrong can overflow near 2^63, as it does for them: there it wraps.
  target_compile_options(${id}.checker PRIVATE -O1 -fwrapv)
  target_precompile_headers(${id}.checker REUSE_FROM workbook_checker_pch)
  set_target_properties(${id}.checker PROPERTIES OUTPUT_NAME checker
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${id})
endfunction()

# A list in a lesson's lesson.json: "files", or "flavours", those that its tests load besides the first. Empty if there
# is none.
function(workbook_list_of folder key out)
  set(values)
  set(described)
  if(EXISTS ${folder}/lesson.json)
    file(READ ${folder}/lesson.json described)
  endif()
  string(JSON length ERROR_VARIABLE none LENGTH "${described}" ${key})
  if(length MATCHES "^[1-9]")
    math(EXPR last "${length} - 1")
    foreach(i RANGE ${last})
      string(JSON value GET "${described}" ${key} ${i})
      list(APPEND values ${value})
    endforeach()
  endif()
  set(${out} ${values} PARENT_SCOPE)
endfunction()

# Warns that `what` is left out if one of these files is missing; `out` says whether all are there.
function(workbook_all_exist out what)
  set(${out} TRUE PARENT_SCOPE)
  foreach(file ${ARGN})
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${file})
      message(WARNING "${what} is left out: expected ${file}, found none")
      set(${out} FALSE PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# What an instructor's tree has of a lesson: the solution, its mistakes, its figure, and the proof of them all.
function(workbook_add_solution lesson name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "FILES;FLAVOURS;JUDGED;TESTS_LOAD")
  list(TRANSFORM arg_FILES PREPEND solutions/${lesson}/ OUTPUT_VARIABLE files)
  workbook_all_exist(complete "the solution of ${lesson}" ${files})
  if(NOT complete)
    return()
  endif()
  list(TRANSFORM files PREPEND ${CMAKE_SOURCE_DIR}/)
  set(parts ${files})
  list(POP_FRONT parts solution)
  workbook_add_implementation(${lesson} solution ${solution} PARTS ${parts} FLAVOURS ${arg_FLAVOURS}
    TESTS_LOAD ${arg_TESTS_LOAD})
  if(solution MATCHES "\\.cu$")
    workbook_add_editor_entry(${lesson} solution ${solution})
  endif()
  add_dependencies(everything ${lesson}.solution.tested)
  if(WORKBOOK_MISTAKES)
    workbook_add_mistakes(${lesson} SOLUTION ${files} FLAVOURS ${arg_JUDGED})
  endif()
  workbook_add_figure(${lesson} ${solution})
  workbook_add_lies(${lesson} ${name} ${arg_JUDGED})
  add_test(NAME verify.${lesson} COMMAND ${CMAKE_SOURCE_DIR}/workbook verify ${lesson})
  set_tests_properties(verify.${lesson} PROPERTIES LABELS selftest
    ENVIRONMENT WORKBOOK_BUILD_DIR=${CMAKE_BINARY_DIR} RESOURCE_LOCK build COST 100)
endfunction()

function(add_lesson lesson)
  string(REGEX REPLACE "^[0-9][0-9]_" "" name ${lesson})
  set(folder ${CMAKE_SOURCE_DIR}/lessons/${lesson})
  set(tests ${CMAKE_SOURCE_DIR}/testcases/${lesson})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/lesson.json)
  set(sources)
  foreach(group basic advanced hidden/hidden)
    if(EXISTS ${tests}/${group}_test.cpp)
      list(APPEND sources ${tests}/${group}_test.cpp)
    endif()
  endforeach()
  set(basic)
  if(NOT sources)
    set(basic testcases/${lesson}/basic_test.cpp)
  endif()
  workbook_list_of(${folder} files files) # the first is compiled and includes the others
  list(TRANSFORM files PREPEND lessons/${lesson}/ OUTPUT_VARIABLE stubs)
  workbook_all_exist(complete "lesson ${lesson}" lessons/${lesson}/lesson.json lessons/${lesson}/${name}.h ${stubs} ${basic})
  if(NOT complete)
    return()
  elseif(NOT files)
    message(WARNING "lesson ${lesson} is left out: expected \"files\" in lessons/${lesson}/lesson.json, found none")
    return()
  endif()
  list(TRANSFORM stubs PREPEND ${CMAKE_SOURCE_DIR}/)
  list(POP_FRONT stubs)
  list(GET files 0 source)
  cmake_path(GET source EXTENSION extension)
  workbook_list_of(${folder} flavours tests_load)
  set(judged plain ${tests_load})   # what a mistake is built in
  set(flavours ${judged} asan debug bench)
  if(extension STREQUAL ".cu")
    set(judged check sim)
    set(flavours ${judged} cuda_debug)
  endif()

  workbook_add_contract(${lesson} ${name} ${folder})
  workbook_add_checker(${lesson} ${name} ${sources})
  target_include_directories(${lesson}.checker PRIVATE ${tests})
  workbook_add_implementation(${lesson} student ${folder}/${source} STUDENT PARTS ${stubs}
    FLAVOURS ${flavours} TESTS_LOAD ${tests_load})
  if(extension STREQUAL ".cu")
    workbook_add_editor_entry(${lesson} student ${folder}/${source})
  endif()
  add_dependencies(student ${lesson}.student.tested)
  add_dependencies(everything ${lesson}.student.tested)
  add_test(NAME ${lesson} COMMAND ${lesson}.checker --plugin $<TARGET_FILE:${lesson}.student>)
  set_tests_properties(${lesson} PROPERTIES LABELS "student;${lesson}")

  # What somebody repairs in a bug hunt (common/cli/hunts.h); `hunt` configures again when it begins the first one.
  set(hunted ${files})
  list(TRANSFORM hunted PREPEND ${CMAKE_SOURCE_DIR}/.workbook/hunts/${lesson}/)
  list(POP_FRONT hunted hunt)
  if(EXISTS ${hunt})
    workbook_add_implementation(${lesson} hunt ${hunt} STUDENT NO_GPU PARTS ${hunted} FLAVOURS ${judged} TESTS_LOAD ${tests_load})
  endif()

  if(EXISTS ${CMAKE_SOURCE_DIR}/solutions/${lesson}/${source})
    workbook_add_solution(${lesson} ${name} FILES ${files} FLAVOURS ${flavours} JUDGED ${judged} TESTS_LOAD ${tests_load})
  endif()
endfunction()

# The program that draws a lesson's figure with what the solution computes, if there is one beside the solution.
function(workbook_add_figure lesson solution)
  cmake_path(GET solution PARENT_PATH folder)
  cmake_path(GET solution EXTENSION extension)
  if(NOT EXISTS ${folder}/figure.cpp)
    return()
  endif()
  if(extension STREQUAL ".cu")
    workbook_add_cuda_figure(${lesson} ${folder}/figure.cpp ${solution})
  else()
    add_executable(${lesson}.figure EXCLUDE_FROM_ALL ${folder}/figure.cpp ${solution})
  endif()
  target_link_libraries(${lesson}.figure PRIVATE ${lesson}.contract workbook_oracle workbook_figure)
  set_target_properties(${lesson}.figure PROPERTIES OUTPUT_NAME figure
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${lesson})
  add_dependencies(everything ${lesson}.figure)
endfunction()

function(add_lessons)
  if(TARGET workbook_cli)
    add_dependencies(student workbook_cli)
    add_dependencies(everything workbook_cli)
  endif()
  # A new folder changes its parent's time stamp, and ninja then configures again. A glob would cost every build.
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lessons)
  file(GLOB folders RELATIVE ${CMAKE_SOURCE_DIR}/lessons ${CMAKE_SOURCE_DIR}/lessons/[0-9][0-9]_*)
  foreach(lesson ${folders})
    if(NOT lesson MATCHES "^[0-9][0-9]_[a-z][a-z0-9_]*$")
      message(WARNING "lessons/${lesson} is left out: expected two digits and a name in snake_case, like 05_kv_cache")
      continue()
    endif()
    add_lesson(${lesson})
  endforeach()
endfunction()
