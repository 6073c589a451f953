# From a source to plugins: one implementation of a contract in several flavours.

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
