# Implementations that are .cu files. `id`.`impl` itself is the instrumented flavour, which finds faults and counts;
# .sim behind it is the plain one, quick, for tests tagged [sim]; .debug is for the debugger; .gpu is nvcc's.

set(WORKBOOK_CUDA_FLAVOURS check sim debug)
# The compiler marks every access, and the simulator defines the marks. Without these flags values would be kept in
# registers and accesses merged, and the counts would not be those of the source.
set(cuda_flags_check -O1 -g1 -fsanitize=thread -fsanitize=bounds --param=tsan-instrument-func-entry-exit=0
    --param=tsan-distinguish-volatile=1 -fno-tree-sra -fno-tree-fre -fno-tree-dse -fno-tree-pre -fno-tree-loop-im
    -fno-tree-dominator-opts -fno-tree-vectorize -fno-tree-slp-vectorize -fno-thread-jumps -Wno-tsan)
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

# The C++ of a .cu file, made when it is needed: build/lessons/NN_name/translated/student/name.cpp. It keeps the file's
# name, by which some debug information calls it.
function(workbook_translate id impl source out)
  string(REPLACE "mistake." "" stem ${impl})
  set(folder ${CMAKE_BINARY_DIR}/lessons/${id}/translated/${stem})
  cmake_path(GET source STEM name)
  set(translated ${folder}/${name}.cpp)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${translated} COMMAND cuda_translate ${source} -o ${translated}
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
  add_library(${target} MODULE EXCLUDE_FROM_ALL ${translated} $<TARGET_OBJECTS:${id}.glue>
    $<TARGET_OBJECTS:workbook_device_buffer>)
  target_include_directories(${target} BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/common/cuda/include)
  target_link_libraries(${target} PRIVATE ${id}.contract workbook_sim)
  # An unroll pragma is for nvcc.
  target_compile_options(${target} PRIVATE ${cuda_flags_all} ${cuda_flags_${flavour}} -Wno-unknown-pragmas)
  target_precompile_headers(${target} REUSE_FROM workbook_cuda_pch.${flavour})
  if(impl STREQUAL "student")
    set_target_properties(${target} PROPERTIES WORKBOOK_LENIENT ON)
    target_compile_options(${target} PRIVATE -fmax-errors=1)
  endif()
  target_link_options(${target} PRIVATE -Wl,-z,relro -Wl,-z,now -Wl,-z,defs -Wl,--wrap=__assert_fail)
  if(flavour STREQUAL "check")
    target_link_options(${target} PRIVATE -Wl,--wrap=memcpy -Wl,--wrap=memmove -Wl,--wrap=memset)
  endif()
  workbook_place_plugin(${target} ${id} ${impl} ${suffix})
endfunction()

# An implementation in the flavours that its tests need, and in those named.
function(workbook_add_cuda_implementation id impl source)
  workbook_translate(${id} ${impl} ${source} translated)
  set(flavours check sim ${ARGN})
  list(REMOVE_DUPLICATES flavours)
  foreach(flavour ${flavours})
    workbook_add_cuda_plugin(${id} ${impl} ${flavour} ${translated})
  endforeach()
  workbook_add_gpu_plugin(${id} ${impl} ${source})
  if(impl MATCHES "^(student|solution)$")
    workbook_add_editor_entry(${id} ${impl} ${source})
  endif()
  add_dependencies(${id}.${impl} worker)
  if(wants_sim)
    add_dependencies(${id}.${impl} ${id}.${impl}.sim)
  endif()
endfunction()

# How an editor reads a .cu file: clangd parses CUDA itself, without the toolkit. Never built; its entry in
# compile_commands.json is what is wanted.
function(workbook_add_editor_entry id impl source)
  set_source_files_properties(${source} PROPERTIES LANGUAGE CXX)
  add_library(${id}.${impl}.editor OBJECT EXCLUDE_FROM_ALL ${source})
  target_include_directories(${id}.${impl}.editor BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/common/cuda/include)
  target_link_libraries(${id}.${impl}.editor PRIVATE ${id}.contract)
  target_compile_options(${id}.${impl}.editor PRIVATE "SHELL:-x cuda" --cuda-host-only -nocudainc -nocudalib
    -Wno-unknown-cuda-version "SHELL:-Xclang -fcuda-allow-variadic-functions" "SHELL:-include cuda_runtime.h")
  set_target_properties(${id}.${impl}.editor PROPERTIES WORKBOOK_LENIENT ON)
endfunction()

# nvcc, where there is one: for the machine's own GPU, or for any from Turing on where there is none.
find_program(WORKBOOK_NVCC nvcc HINTS /usr/local/cuda/bin)
add_custom_target(gpu) # everything that nvcc compiles
# What `./workbook gpu` takes to a GPU: whose lessons, as in bench_plugins.
add_custom_target(gpu_pack.solution DEPENDS worker)
add_custom_target(gpu_pack.mine DEPENDS worker)
set(WORKBOOK_GPU_HERE FALSE)
if(EXISTS /dev/nvidiactl OR EXISTS /dev/dxg)
  set(WORKBOOK_GPU_HERE TRUE)
endif()
if(WORKBOOK_NVCC)
  # The toolkit's folder as nvcc itself says: the nvcc that was found may be a script that calls it.
  execute_process(COMMAND ${WORKBOOK_NVCC} --dryrun -x cu -c /dev/null ERROR_VARIABLE dryrun OUTPUT_QUIET)
  if(dryrun MATCHES "#\\$ TOP=([^\n]+)")
    set(toolkit ${CMAKE_MATCH_1})
  else()
    get_filename_component(toolkit ${WORKBOOK_NVCC}/../.. ABSOLUTE)
  endif()
  find_library(WORKBOOK_CUDART cudart_static HINTS ${toolkit}/lib64 ${toolkit}/lib)
  # For the benchmark, whose plugins load cuBLAS when they first multiply: first from this folder.
  find_path(WORKBOOK_CUBLAS_HEADER cublas_v2.h HINTS ${toolkit}/include)
  find_path(WORKBOOK_CUBLAS_FOLDER NAMES libcublas.so HINTS ${toolkit}/lib64 ${toolkit}/lib)
  set(architecture 75)
  if(WORKBOOK_GPU_HERE)
    set(architecture native)
  endif()
  set(WORKBOOK_GPU_ARCHITECTURE ${architecture} CACHE STRING "Compute capability that nvcc compiles for (90: 9.0), or native")
  if(WORKBOOK_GPU_ARCHITECTURE STREQUAL "native")
    set(nvcc_architecture -arch=native)
  else()
    set(nvcc_architecture -gencode
        "arch=compute_${WORKBOOK_GPU_ARCHITECTURE},code=[sm_${WORKBOOK_GPU_ARCHITECTURE},compute_${WORKBOOK_GPU_ARCHITECTURE}]")
  endif()
endif()

# nvcc's object of one source, .cu or .cpp. EIGEN_NO_CUDA: no kernel uses Eigen, whose own marks for device code give
# pages of warnings. 177: a stub has kernels that nothing launches yet. ARGN: the folders of the contracts it includes.
function(workbook_nvcc_object object source)
  get_filename_component(folder ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  get_target_property(eigen Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
  list(TRANSFORM ARGN PREPEND -I OUTPUT_VARIABLE contracts)
  add_custom_command(OUTPUT ${object}
    COMMAND ${WORKBOOK_NVCC} -std=c++20 --expt-relaxed-constexpr -O2 -lineinfo ${nvcc_architecture}
      -Xcompiler=-fPIC,-fvisibility=hidden -diag-suppress=177,20208 -DEIGEN_NO_CUDA
      -I${CMAKE_SOURCE_DIR} ${contracts} -isystem ${eigen}
      -DEIGEN_MAX_ALIGN_BYTES=64 -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d VERBATIM)
endfunction()

# The flavour for a GPU. CONTRACTS: folders of other contracts that the source includes; OBJECTS: what is linked besides.
function(workbook_add_gpu_plugin id impl source)
  cmake_parse_arguments(more "" "" "CONTRACTS;OBJECTS" ${ARGN})
  if(NOT WORKBOOK_NVCC OR NOT WORKBOOK_CUDART)
    return()
  endif()
  string(REPLACE "mistake." "mistakes/" file ${impl})
  set(object ${CMAKE_BINARY_DIR}/lessons/${id}/gpu/${file}.o)
  get_target_property(contract ${id}.contract INTERFACE_INCLUDE_DIRECTORIES)
  workbook_nvcc_object(${object} ${source} ${contract} ${more_CONTRACTS})
  add_library(${id}.${impl}.gpu MODULE EXCLUDE_FROM_ALL ${object} ${more_OBJECTS} $<TARGET_OBJECTS:${id}.glue>
    $<TARGET_OBJECTS:workbook_device_buffer> $<TARGET_OBJECTS:workbook_gpu_call>)
  target_link_libraries(${id}.${impl}.gpu PRIVATE ${id}.contract ${WORKBOOK_CUDART} Threads::Threads ${CMAKE_DL_LIBS} rt)
  set_target_properties(${id}.${impl}.gpu PROPERTIES LINKER_LANGUAGE CXX)
  workbook_place_plugin(${id}.${impl}.gpu ${id} ${impl} .gpu.so)
  add_dependencies(gpu ${id}.${impl}.gpu)
  # The simulator's flavours go along: the plain one for a rehearsal, the counting one for what is expected.
  set(pack gpu_pack.solution)
  if(impl MATCHES "student|mine")
    set(pack gpu_pack.mine)
  endif()
  add_dependencies(${pack} ${id}.${impl}.gpu)
  foreach(target ${id}.checker ${id}.${impl}.sim)
    if(TARGET ${target})
      add_dependencies(${pack} ${target})
    endif()
  endforeach()
  if(NOT impl MATCHES "mistake")
    add_dependencies(${pack} ${id}.${impl})
  endif()
endfunction()

# A figure drawn by what the solution computes, in the simulator.
function(workbook_add_cuda_figure id source)
  file(GLOB translated ${CMAKE_SOURCE_DIR}/solutions/${id}/*.cu)
  cmake_path(GET translated STEM name)
  add_executable(${id}.figure EXCLUDE_FROM_ALL ${source}
    ${CMAKE_BINARY_DIR}/lessons/${id}/translated/solution/${name}.cpp)
  target_include_directories(${id}.figure BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/common/cuda/include)
  target_compile_options(${id}.figure PRIVATE "SHELL:-include cuda_runtime.h" -Wno-unknown-pragmas)
  target_link_libraries(${id}.figure PRIVATE workbook_sim)
endfunction()
