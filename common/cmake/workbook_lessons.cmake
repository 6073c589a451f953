# add_lessons() finds every lesson by its folder; nothing lists them.
#
# For lesson NN_name, with `impl` one of student, solution, mistake.<stem>:
#   NN_name.checker          the judge: test cases, never linked to an implementation
#   NN_name.<impl>           a plugin; with .asan, .count, .debug or .bench behind it, another flavour of it
#                            (a mistake has no other flavour but .count)
#   NN_name.mistakes         all mistakes
#   NN_name.figure           draws the lesson's figure
# All of them are built only when asked for.

set(WORKBOOK_FLAVOURS plain asan count debug bench)
# The library's assertions: a span and a vector check their indices. Not where accesses are counted or timed.
set(flags_plain -O1 -g1 -D_GLIBCXX_ASSERTIONS)
set(flags_debug -O0 -g -D_GLIBCXX_ASSERTIONS)
# -Wno-maybe-uninitialized: g++ 12 warns of its own AVX-512 intrinsics (GCC bug 105593).
set(flags_bench -O3 -g1 -Wno-maybe-uninitialized $<$<BOOL:${WORKBOOK_NATIVE}>:-march=native>)
set(flags_asan -O1 -g1 -D_GLIBCXX_ASSERTIONS -fsanitize=address,undefined -fno-sanitize-recover=all)
# The compiler marks every access; counting.cpp defines the marks. Without these flags it would keep values in
# registers or merge accesses, and the counts would not be those of the source.
set(flags_count -O1 -g1 -fsanitize=thread -fno-tree-sra -fno-tree-fre -fno-tree-dse -fno-tree-pre -fno-tree-loop-im
    -fno-tree-dominator-opts -fno-tree-vectorize -fno-tree-slp-vectorize -Wno-tsan)

# What a student's file includes, compiled once for each flavour.
foreach(flavour ${WORKBOOK_FLAVOURS})
  add_library(workbook_pch.${flavour} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/cmake/pch.cpp)
  target_link_libraries(workbook_pch.${flavour} PRIVATE workbook)
  target_compile_options(workbook_pch.${flavour} PRIVATE -fvisibility=hidden ${flags_${flavour}})
  target_precompile_headers(workbook_pch.${flavour} PRIVATE ${CMAKE_SOURCE_DIR}/common/cmake/student_pch.h)
endforeach()

# A contract: the header lessons/NN_name/name.h (or another folder's), its namespace, its glue.
# Everything about `id` finds the header through the interface target ${id}.contract.
function(workbook_add_contract id name folder)
  add_library(${id}.contract INTERFACE)
  target_include_directories(${id}.contract INTERFACE ${folder})
  target_link_libraries(${id}.contract INTERFACE workbook)
  add_library(${id}.glue OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/contract/glue.cpp)
  target_link_libraries(${id}.glue PRIVATE ${id}.contract)
  target_compile_options(${id}.glue PRIVATE -fvisibility=hidden -O1)
  workbook_define_contract(${id}.glue ${id} ${name})
endfunction()

# What common/contract/lesson.h wants to know.
function(workbook_define_contract target id name)
  target_compile_definitions(${target} PRIVATE
    WORKBOOK_LESSON_ID="${id}" WORKBOOK_LESSON_HEADER="${name}.h" WORKBOOK_LESSON=${name})
endfunction()

# Where a plugin lies: build/lessons/NN_name/solution.so, build/lessons/NN_name/mistakes/<stem>.so.
function(workbook_place_plugin target id impl suffix)
  string(REPLACE "mistake." "mistakes/" file ${id}/${impl})
  cmake_path(GET file PARENT_PATH folder)
  cmake_path(GET file FILENAME name)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ${suffix} OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${folder})
endfunction()

# One implementation in one flavour: one source, the contract's glue, nothing else.
function(workbook_add_plugin id impl flavour source)
  set(target ${id}.${impl})
  set(suffix .so)
  if(NOT flavour STREQUAL "plain")
    set(target ${target}.${flavour})
    set(suffix .${flavour}.so)
  endif()
  add_library(${target} MODULE EXCLUDE_FROM_ALL ${source} $<TARGET_OBJECTS:${id}.glue>)
  target_link_libraries(${target} PRIVATE ${id}.contract)
  target_compile_options(${target} PRIVATE -fvisibility=hidden ${flags_${flavour}})
  target_precompile_headers(${target} REUSE_FROM workbook_pch.${flavour})
  if(impl STREQUAL "student")
    # A student's warning is shown and is no error; the first error is enough.
    set_target_properties(${target} PROPERTIES WORKBOOK_LENIENT ON)
    target_compile_options(${target} PRIVATE -fmax-errors=1)
  endif()
  # Everything the loader writes becomes read-only, so that writable data is the implementation's own.
  target_link_options(${target} PRIVATE -Wl,-z,relro -Wl,-z,now)
  if(flavour STREQUAL "asan")
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  elseif(NOT WORKBOOK_SANITIZER)
    # A function that is declared and not defined is an error here, with its full signature.
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  if(flavour STREQUAL "count")
    target_link_libraries(${target} PRIVATE workbook_counting)
    target_link_options(${target} PRIVATE -Wl,--wrap=memcpy -Wl,--wrap=memmove)
  endif()
  workbook_place_plugin(${target} ${id} ${impl} ${suffix})
endfunction()

# An implementation in the given flavours. The plain target brings along what the contract's tests need.
function(workbook_add_implementation id impl source)
  if(source MATCHES "[.]cu$")
    workbook_add_cuda_implementation(${id} ${impl} ${source} ${ARGN})
    return()
  endif()
  set(flavours plain ${ARGN})
  if(counts)
    list(APPEND flavours count)
  endif()
  list(REMOVE_DUPLICATES flavours)
  foreach(flavour ${flavours})
    workbook_add_plugin(${id} ${impl} ${flavour} ${source})
  endforeach()
  add_dependencies(${id}.${impl} worker)
  if("asan" IN_LIST flavours)
    add_dependencies(${id}.${impl}.asan worker.asan)
  endif()
  if(counts)
    add_dependencies(${id}.${impl} ${id}.${impl}.count)
  endif()
endfunction()

# The judge of a contract: its test cases and everything common, no implementation.
function(workbook_add_checker id name)
  add_executable(${id}.checker EXCLUDE_FROM_ALL ${ARGN} ${CMAKE_SOURCE_DIR}/common/checker/main.cpp)
  target_link_libraries(${id}.checker PRIVATE ${id}.contract workbook_checker workbook_reporter workbook_catch
    workbook_oracle)
  workbook_define_contract(${id}.checker ${id} ${name})
  target_compile_options(${id}.checker PRIVATE -O1)
  set_target_properties(${id}.checker PROPERTIES OUTPUT_NAME checker
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${id})
endfunction()

function(add_lesson lesson)
  string(REGEX REPLACE "^[0-9][0-9]_" "" name ${lesson})
  set(folder ${CMAKE_SOURCE_DIR}/lessons/${lesson})
  set(tests ${CMAKE_SOURCE_DIR}/testcases/${lesson})
  set(solutions ${CMAKE_SOURCE_DIR}/solutions/${lesson})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/lesson.json)
  set(sources)
  set(counts FALSE)
  set(wants_sim FALSE) # some test of a CUDA lesson runs uninstrumented
  set(extension cpp)
  set(flavours asan debug bench)
  if(EXISTS ${folder}/${name}.cu)
    set(extension cu)
    set(flavours debug)
  endif()
  foreach(group basic advanced hidden/hidden)
    if(EXISTS ${tests}/${group}_test.cpp)
      list(APPEND sources ${tests}/${group}_test.cpp)
      file(STRINGS ${tests}/${group}_test.cpp counted REGEX "\\[count\\]" LIMIT_COUNT 1)
      if(counted)
        set(counts TRUE)
      endif()
      file(STRINGS ${tests}/${group}_test.cpp plain REGEX "\\[sim\\]" LIMIT_COUNT 1)
      if(plain)
        set(wants_sim TRUE)
      endif()
    endif()
  endforeach()
  if(NOT EXISTS ${folder}/${name}.${extension} OR NOT EXISTS ${folder}/${name}.h OR NOT sources)
    message(WARNING "lesson ${lesson} is left out: expected lessons/${lesson}/${name}.h and ${name}.cpp or .cu, and "
                    "testcases/${lesson}/basic_test.cpp")
    return()
  endif()

  workbook_add_contract(${lesson} ${name} ${folder})
  workbook_add_checker(${lesson} ${name} ${sources})
  target_include_directories(${lesson}.checker PRIVATE ${tests})
  workbook_add_implementation(${lesson} student ${folder}/${name}.${extension} ${flavours})
  add_dependencies(student ${lesson}.checker ${lesson}.student)
  add_dependencies(everything ${lesson}.checker ${lesson}.student)
  add_test(NAME ${lesson} COMMAND ${lesson}.checker --plugin $<TARGET_FILE:${lesson}.student>)
  set_tests_properties(${lesson} PROPERTIES LABELS "student;${lesson}")

  if(EXISTS ${solutions}/${name}.${extension})
    workbook_add_solution(${lesson} ${name})
  endif()
endfunction()

# The source of a mistake, made when it is needed: build/lessons/NN_name/mistakes/<stem>.cpp.
function(workbook_apply_mistake id solution diff out)
  cmake_path(GET diff STEM stem)
  cmake_path(GET solution EXTENSION extension)
  set(source ${CMAKE_BINARY_DIR}/lessons/${id}/mistakes/${stem}${extension})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${id}/mistakes)
  add_custom_command(OUTPUT ${source} COMMAND mistake_apply ${solution} ${diff} ${source}
    DEPENDS mistake_apply ${solution} ${diff} VERBATIM)
  set(${out} ${source} PARENT_SCOPE)
endfunction()

# Instructors only: editions have no solutions.
function(workbook_add_solution lesson name)
  set(solutions ${CMAKE_SOURCE_DIR}/solutions/${lesson})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${solutions} ${solutions}/mistakes)
  workbook_add_implementation(${lesson} solution ${solutions}/${name}.${extension} ${flavours})
  add_custom_target(${lesson}.mistakes)
  file(GLOB mistakes ${solutions}/mistakes/*.diff)
  foreach(mistake ${mistakes})
    cmake_path(GET mistake STEM stem)
    workbook_apply_mistake(${lesson} ${solutions}/${name}.${extension} ${mistake} source)
    workbook_add_implementation(${lesson} mistake.${stem} ${source})
    add_dependencies(${lesson}.mistakes ${lesson}.mistake.${stem})
  endforeach()
  add_dependencies(everything ${lesson}.solution ${lesson}.mistakes)
  add_test(NAME verify.${lesson} COMMAND ${CMAKE_SOURCE_DIR}/workbook verify ${lesson})
  set_tests_properties(verify.${lesson} PROPERTIES LABELS selftest
    ENVIRONMENT WORKBOOK_BUILD_DIR=${CMAKE_BINARY_DIR} RESOURCE_LOCK build)
  if(EXISTS ${solutions}/figure.cpp)
    if(extension STREQUAL "cu")
      workbook_add_cuda_figure(${lesson} ${solutions}/figure.cpp)
    else()
      add_executable(${lesson}.figure EXCLUDE_FROM_ALL ${solutions}/figure.cpp ${solutions}/${name}.cpp)
    endif()
    target_link_libraries(${lesson}.figure PRIVATE ${lesson}.contract workbook_oracle workbook_figure)
    set_target_properties(${lesson}.figure PROPERTIES OUTPUT_NAME figure
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${lesson})
    add_dependencies(everything ${lesson}.figure)
  endif()
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
    add_lesson(${lesson})
  endforeach()
endfunction()
