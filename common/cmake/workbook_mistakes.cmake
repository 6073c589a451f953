# Mistakes: changes to a lesson's solution, each built as an implementation of its own.

# The files of a mistake, made when they are needed: build/lessons/NN_name/mistakes/<stem>/ has all that the solution
# has, one of them changed. `out` becomes the first. ARGN: the solution's files.
function(workbook_apply_mistake id diff out)
  cmake_path(GET diff STEM stem)
  set(folder ${CMAKE_BINARY_DIR}/lessons/${id}/mistakes/${stem})
  set(made)
  foreach(file ${ARGN})
    cmake_path(GET file FILENAME name)
    list(APPEND made ${folder}/${name})
  endforeach()
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${made} COMMAND mistake_apply ${diff} ${folder} ${ARGN}
    DEPENDS mistake_apply ${diff} ${ARGN} VERBATIM)
  list(GET made 0 first)
  set(${out} ${first} PARENT_SCOPE)
endfunction()

# All mistakes of a lesson, in the first flavour: `verify` builds the others for those mistakes whose test loads them.
# SOLUTION: its files, of which the first is compiled; FLAVOURS: as for workbook_add_implementation().
function(workbook_add_mistakes lesson)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOLUTION;FLAVOURS")
  list(GET arg_SOLUTION 0 first)
  cmake_path(GET first PARENT_PATH folder)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder} ${folder}/mistakes)
  add_custom_target(${lesson}.mistakes)
  file(GLOB mistakes ${folder}/mistakes/*.diff)
  set(for_gpu 0)
  foreach(mistake ${mistakes})
    cmake_path(GET mistake STEM stem)
    if(NOT stem MATCHES "^[a-z0-9_]+$" OR NOT EXISTS ${mistake}) # a semicolon makes two of one
      message(WARNING "a mistake of ${lesson} is left out: expected a name in snake_case, found \"${mistake}\"")
      continue()
    endif()
    workbook_apply_mistake(${lesson} ${mistake} source ${arg_SOLUTION})
    set(no_gpu)
    if(NOT for_gpu LESS WORKBOOK_GPU_MISTAKES)
      set(no_gpu NO_GPU)
    endif()
    math(EXPR for_gpu "${for_gpu} + 1")
    workbook_add_implementation(${lesson} mistake.${stem} ${source} FLAVOURS ${arg_FLAVOURS} ${no_gpu})
    add_dependencies(${lesson}.mistakes ${lesson}.mistake.${stem})
  endforeach()
  add_dependencies(everything ${lesson}.mistakes)
endfunction()
