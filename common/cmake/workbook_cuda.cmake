# Implementations that are .cu files. `id`.`impl` itself is the instrumented flavour, which finds faults and counts;
# .sim behind it is the plain one, quick, for tests tagged [sim]; .debug is for the debugger; .gpu is nvcc's.

set(WORKBOOK_CUDA_FLAVOURS check sim debug)
# The compiler marks every access, and the simulator defines the marks. Without these flags values would be kept in
# registers and accesses merged, and the counts would not be those of the source.
set(cuda_flags_check -O1 -g1 -fsanitize=thread -fsanitize=bounds --param=tsan-instrument-func-entry-exit=0
    --param=tsan-distinguish-volatile=1 -fno-tree-sra -fno-tree-fre -fno-tree-dse -fno-tree-pre -fno-tree-loop-im
    -fno-tree-dominator-opts -fno-tree-vectorize -fno-tree-slp-vectorize -Wno-tsan)
set(cuda_flags_sim -O2 -g1)
set(cuda_flags_debug -O0 -g)
# -fno-optimize-sibling-calls: a barrier at the end of a function still knows its line.
set(cuda_flags_all -fvisibility=hidden -fno-optimize-sibling-calls)

foreach(flavour ${WORKBOOK_CUDA_FLAVOURS})
  add_library(workbook_cuda_pch.${flavour} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/cmake/pch.cpp)
  target_include_directories(workbook_cuda_pch.${flavour} BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/common/cuda/include)
  target_link_libraries(workbook_cuda_pch.${flavour} PRIVATE workbook)
  target_compile_options(workbook_cuda_pch.${flavour} PRIVATE ${cuda_flags_all} ${cuda_flags_${flavour}})
  target_precompile_headers(workbook_cuda_pch.${flavour} PRIVATE ${CMAKE_SOURCE_DIR}/common/cmake/cuda_pch.h)
endforeach()

# The C++ of a .cu file, made when it is needed: build/lessons/NN_name/translated/student.cpp
function(workbook_translate id impl source out)
  string(REPLACE "mistake." "" stem ${impl})
  set(translated ${CMAKE_BINARY_DIR}/lessons/${id}/translated/${stem}.cpp)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${id}/translated)
  add_custom_command(OUTPUT ${translated} COMMAND cuda_translate ${source} ${translated}
    DEPENDS cuda_translate ${source} VERBATIM)
  set(${out} ${translated} PARENT_SCOPE)
endfunction()

# One flavour of one implementation.
function(workbook_add_cuda_plugin id impl flavour translated)
  set(target ${id}.${impl})
  set(suffix .so)
  if(NOT flavour STREQUAL "check")
    set(target ${target}.${flavour})
    set(suffix .${flavour}.so)
  endif()
  string(REPLACE "mistake." "mistakes/" file ${impl})
  add_library(${target} MODULE EXCLUDE_FROM_ALL ${translated} $<TARGET_OBJECTS:${id}.glue>
    $<TARGET_OBJECTS:workbook_device_buffer>)
  target_include_directories(${target} BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/common/cuda/include)
  target_link_libraries(${target} PRIVATE ${id}.contract workbook_sim)
  target_compile_options(${target} PRIVATE ${cuda_flags_all} ${cuda_flags_${flavour}})
  target_precompile_headers(${target} REUSE_FROM workbook_cuda_pch.${flavour})
  if(impl STREQUAL "student")
    set_target_properties(${target} PROPERTIES WORKBOOK_LENIENT ON)
    target_compile_options(${target} PRIVATE -fmax-errors=1)
  endif()
  target_link_options(${target} PRIVATE -Wl,-z,relro -Wl,-z,now -Wl,-z,defs -Wl,--wrap=__assert_fail)
  if(flavour STREQUAL "check")
    target_link_options(${target} PRIVATE -Wl,--wrap=memcpy -Wl,--wrap=memmove -Wl,--wrap=memset)
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ${suffix} OUTPUT_NAME ${file}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lessons/${id})
endfunction()

# An implementation in the flavours that its tests need, and in those named.
function(workbook_add_cuda_implementation id impl source)
  workbook_translate(${id} ${impl} ${source} translated)
  set(flavours check sim ${ARGN})
  list(REMOVE_DUPLICATES flavours)
  foreach(flavour ${flavours})
    workbook_add_cuda_plugin(${id} ${impl} ${flavour} ${translated})
  endforeach()
  add_dependencies(${id}.${impl} worker)
  if(wants_sim)
    add_dependencies(${id}.${impl} ${id}.${impl}.sim)
  endif()
endfunction()
