# Mistakes: changes to a lesson's solution, each built as an implementation of its own.

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

# All mistakes of a lesson, in the first flavour: `verify` builds the others for those mistakes whose test loads them.
# ARGN: as for workbook_add_implementation().
function(workbook_add_mistakes lesson solution)
  cmake_path(GET solution PARENT_PATH folder)
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
    workbook_apply_mistake(${lesson} ${solution} ${mistake} source)
    set(no_gpu)
    if(NOT for_gpu LESS WORKBOOK_GPU_MISTAKES)
      set(no_gpu NO_GPU)
    endif()
    math(EXPR for_gpu "${for_gpu} + 1")
    workbook_add_implementation(${lesson} mistake.${stem} ${source} ${ARGN} ${no_gpu})
    add_dependencies(${lesson}.mistakes ${lesson}.mistake.${stem})
  endforeach()
  add_dependencies(everything ${lesson}.mistakes)
endfunction()
