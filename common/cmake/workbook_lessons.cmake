# add_lessons() finds every lesson by its folder; nothing lists them.
#
# For lesson NN_name, with `impl` one of student, solution, mistake.<stem>:
#   NN_name.checker          the judge: test cases, never linked to an implementation
#   NN_name.<impl>           a plugin; with .asan, .count, ... after it, another flavour (workbook_flavours.cmake)
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

# Where a plugin lies: build/lessons/NN_name/solution.so, build/lessons/NN_name/mistakes/<stem>.so.
function(workbook_place_plugin target id impl suffix)
  string(REPLACE "mistake." "mistakes/" file ${id}/${impl})
  cmake_path(GET file PARENT_PATH folder)
  cmake_path(GET file FILENAME name)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ${suffix} OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${folder})
endfunction()

# The target of one implementation in one flavour: NN_name.solution, NN_name.solution.asan.
function(workbook_plugin_target out id impl flavour)
  get_property(suffix GLOBAL PROPERTY workbook_suffix.${flavour})
  set(${out} ${id}.${impl}${suffix} PARENT_SCOPE)
endfunction()

# That target: one source with what it includes, the contract's glue, nothing else. `source` is C++; a .cu file's
# translation is.
function(workbook_add_plugin id impl flavour source)
  get_property(suffix GLOBAL PROPERTY workbook_suffix.${flavour})
  set(target ${id}.${impl}${suffix})
  add_library(${target} MODULE EXCLUDE_FROM_ALL ${source} $<TARGET_OBJECTS:${id}.glue>)
  target_link_libraries(${target} PRIVATE workbook_flavour.${flavour} ${id}.contract)
  target_precompile_headers(${target} REUSE_FROM workbook_pch.${flavour})
  workbook_place_plugin(${target} ${id} ${impl} ${suffix}.so)
endfunction()

# workbook_add_implementation(<id> <impl> <source> [PARTS <file>...] FLAVOURS <flavour>... [TESTS_LOAD <flavour>...]
#                             [STUDENT] [NO_GPU])
#
# PARTS: the lesson's other files, which the source includes; stale_outputs.sh sees no depfile of a custom command.
# An implementation in these flavours. The first one's target, <id>.<impl>, brings along the worker and the checker, so
# that its tests can begin when it has been linked; <id>.<impl>.tested has the flavours TESTS_LOAD, too. STUDENT: a
# warning is shown and is no error, and the first error is enough. NO_GPU: not for nvcc, although it is a .cu file.
function(workbook_add_implementation id impl source)
  cmake_parse_arguments(PARSE_ARGV 3 arg "STUDENT;NO_GPU" "" "PARTS;FLAVOURS;TESTS_LOAD")
  set(compiled ${source})
  cmake_path(GET source EXTENSION extension)
  if(extension STREQUAL ".cu")
    workbook_translate(${id} ${impl} ${source} compiled ${arg_PARTS})
  endif()
  set(loaded ${id}.${impl})
  list(GET arg_FLAVOURS 0 first)
  foreach(flavour ${arg_FLAVOURS})
    workbook_add_plugin(${id} ${impl} ${flavour} ${compiled})
    workbook_plugin_target(target ${id} ${impl} ${flavour})
    if(NOT flavour STREQUAL first)
      set_target_properties(${target} PROPERTIES RULE_LAUNCH_COMPILE "nice -n 10") # the first one's tests do not wait
    endif()
    if(arg_STUDENT)
      set_target_properties(${target} PROPERTIES WORKBOOK_LENIENT ON)
      target_compile_options(${target} PRIVATE -fmax-errors=1)
    endif()
    if(flavour IN_LIST arg_TESTS_LOAD)
      list(APPEND loaded ${target})
    endif()
    if(TARGET worker.${flavour})
      add_dependencies(${target} worker.${flavour})
    endif()
  endforeach()
  add_dependencies(${id}.${impl} worker)
  if(TARGET ${id}.checker)
    add_dependencies(${id}.${impl} ${id}.checker)
  endif()
  if(extension STREQUAL ".cu" AND NOT arg_NO_GPU)
    workbook_add_gpu_plugin(${id} ${impl} ${source} PARTS ${arg_PARTS})
  endif()
  if(impl MATCHES "^mistake")
    return() # nobody builds it but ninja
  endif()
  add_custom_target(${id}.${impl}.tested DEPENDS ${loaded})
  workbook_describe_implementation(${id} ${impl} ${source} ${compiled} ${first} ${arg_TESTS_LOAD})
endfunction()

# Writes build/lessons/NN_name/<impl>.json: how the plugins that the tests load are made of the source. The compile
# commands are in compile_commands.json, by the name of the object. ARGN: the flavours.
function(workbook_describe_implementation id impl source compiled)
  set(plugins)
  foreach(flavour ${ARGN})
    workbook_plugin_target(target ${id} ${impl} ${flavour})
    get_property(libraries GLOBAL PROPERTY workbook_libraries.${flavour})
    list(TRANSFORM libraries REPLACE "(.+)" "$<TARGET_FILE:\\1>")
    set(link ${CMAKE_CXX_COMPILER} -shared -fPIC $<TARGET_PROPERTY:${target},LINK_OPTIONS> -o $<TARGET_FILE:${target}>
      $<TARGET_OBJECTS:${target}> $<TARGET_OBJECTS:${id}.glue>
      $<TARGET_PROPERTY:workbook_flavour.${flavour},INTERFACE_SOURCES>
      -Wl$<COMMA>-rpath$<COMMA>${WORKBOOK_BIN} $<TARGET_FILE:workbook> ${libraries})
    list(APPEND plugins "{\"plugin\": \"$<TARGET_FILE:${target}>\", \"object\": \"$<TARGET_OBJECTS:${target}>\",
   \"link\": [\"$<JOIN:$<FILTER:${link},EXCLUDE,^$>,\", \">\"]}")
  endforeach()
  list(JOIN plugins ",\n  " plugins)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/lessons/${id}/${impl}.json CONTENT
    "{\"source\": \"${source}\", \"compiled\": \"${compiled}\", \"plugins\": [\n  ${plugins}]}\n")
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
