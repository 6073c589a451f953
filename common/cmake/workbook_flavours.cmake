# The ways in which an implementation is built, each with one list of flags.
#
#   flavour     plugin            of a    what it is for
#   plain       <impl>.so         .cpp    tests
#   count       <impl>.count.so   .cpp    tests tagged [count]: every access to memory is counted
#   tsan        <impl>.tsan.so    .cpp    tests tagged [tsan]: ThreadSanitizer looks for data races
#   asan        <impl>.asan.so    .cpp    explaining a crash
#   debug       <impl>.debug.so   .cpp    a debugger
#   bench       <impl>.bench.so   .cpp    the benchmark
#   check       <impl>.so         .cu     tests: the simulator finds faults and counts
#   sim         <impl>.sim.so     .cu     tests tagged [sim]: the simulator without its marks, quick
#   cuda_debug  <impl>.debug.so   .cu     a debugger
#
# nvcc's plugins for a real GPU, <impl>.gpu.so, are made in workbook_cuda.cmake.

# workbook_add_flavour(<name> [SUFFIX .x] HEADER <precompiled> [INCLUDE <folders>] COMPILE <flags> [LINK <flags>]
#                      [LIBRARIES <targets>] [OBJECTS <objects>])
function(workbook_add_flavour name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SUFFIX;HEADER" "INCLUDE;COMPILE;LINK;LIBRARIES;OBJECTS")
  set_property(GLOBAL PROPERTY workbook_suffix.${name} "${arg_SUFFIX}")
  set_property(GLOBAL PROPERTY workbook_libraries.${name} ${arg_LIBRARIES})
  add_library(workbook_flavour.${name} INTERFACE)
  target_include_directories(workbook_flavour.${name} INTERFACE ${arg_INCLUDE})
  # addr2line takes the first file of DWARF 5's table for the second: lines of a header would be said to be elsewhere.
  target_compile_options(workbook_flavour.${name} INTERFACE -fvisibility=hidden -gdwarf-4 ${arg_COMPILE})
  # Everything the loader writes becomes read-only, so that writable data is the implementation's own.
  target_link_options(workbook_flavour.${name} INTERFACE -Wl,-z,relro -Wl,-z,now ${arg_LINK})
  # What nearly every implementation includes, compiled once.
  add_library(workbook_pch.${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/common/cmake/pch.cpp)
  target_link_libraries(workbook_pch.${name} PRIVATE workbook_flavour.${name} workbook)
  target_precompile_headers(workbook_pch.${name} PRIVATE ${CMAKE_SOURCE_DIR}/common/cmake/${arg_HEADER})
  target_link_libraries(workbook_flavour.${name} INTERFACE ${arg_LIBRARIES})
  target_sources(workbook_flavour.${name} INTERFACE ${arg_OBJECTS})
endfunction()

# A function that is declared and not defined is an error, with its full signature; a sanitizer leaves some open.
set(defined -Wl,-z,defs)
if(WORKBOOK_SANITIZER)
  set(defined)
endif()
# The compiler marks every access; counting.cpp and the simulator define the marks. Without these flags it would keep
# values in registers or merge accesses, and the counts would not be those of the source.
set(marks -O1 -g1 -fsanitize=thread -fno-tree-sra -fno-tree-fre -fno-tree-dse -fno-tree-pre -fno-tree-loop-im
    -fno-tree-dominator-opts -fno-tree-vectorize -fno-tree-slp-vectorize -Wno-tsan)

# _GLIBCXX_ASSERTIONS: a span and a vector check their indices; not where accesses are counted or timed.
workbook_add_flavour(plain HEADER student_pch.h COMPILE -Og -g1 -D_GLIBCXX_ASSERTIONS LINK ${defined})
workbook_add_flavour(count SUFFIX .count HEADER student_pch.h COMPILE ${marks}
  LINK ${defined} -Wl,--wrap=memcpy -Wl,--wrap=memmove LIBRARIES workbook_counting)
workbook_add_flavour(asan SUFFIX .asan HEADER student_pch.h
  COMPILE -O1 -g1 -D_GLIBCXX_ASSERTIONS -fsanitize=address,undefined -fno-sanitize-recover=all
  LINK -fsanitize=address,undefined)
workbook_add_flavour(tsan SUFFIX .tsan HEADER student_pch.h COMPILE -O1 -g1 -fsanitize=thread LINK -fsanitize=thread)
workbook_add_flavour(debug SUFFIX .debug HEADER student_pch.h COMPILE -O0 -g -D_GLIBCXX_ASSERTIONS LINK ${defined})
workbook_add_flavour(bench SUFFIX .bench HEADER student_pch.h
  COMPILE ${WORKBOOK_FAST} -g1 LINK ${defined})

# -fno-optimize-sibling-calls: a barrier at the end of a function still knows its line. -fno-strict-aliasing: kernels look
# at pairs of halves as words. nvcc allows that, unroll pragmas, and `sums[i] += x` of a volatile. EIGEN_NO_CUDA: it is for
# the host.
function(workbook_add_cuda_flavour name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SUFFIX" "COMPILE;LINK")
  workbook_add_flavour(${name} SUFFIX "${arg_SUFFIX}" HEADER cuda_pch.h INCLUDE ${CMAKE_SOURCE_DIR}/common/cuda/include
    COMPILE -fno-optimize-sibling-calls -fno-strict-aliasing -DEIGEN_NO_CUDA -Wno-unknown-pragmas -Wno-volatile
    ${arg_COMPILE}
    LINK -Wl,-z,defs -Wl,--wrap=__assert_fail ${arg_LINK}
    LIBRARIES workbook_sim OBJECTS $<TARGET_OBJECTS:workbook_device_buffer>)
endfunction()
workbook_add_cuda_flavour(check COMPILE ${marks} -fsanitize=bounds --param=tsan-instrument-func-entry-exit=0
  --param=tsan-distinguish-volatile=1 -fno-thread-jumps -fno-omit-frame-pointer LINK -Wl,--wrap=memcpy -Wl,--wrap=memmove -Wl,--wrap=memset)
workbook_add_cuda_flavour(sim SUFFIX .sim COMPILE -O2 -g1)
workbook_add_cuda_flavour(cuda_debug SUFFIX .debug COMPILE -O0 -g)
