# What is special about .cu files: their translation for the simulator, nvcc's plugins, an editor's view.

# The C++ of a .cu file, made when it is needed: build/lessons/NN_name/translated/student/name.cpp. It keeps the file's
# name, by which some debug information calls it. ARGN: files that it includes, where the lesson has several.
function(workbook_translate id impl source out)
  string(REPLACE "mistake." "" stem ${impl})
  set(folder ${CMAKE_BINARY_DIR}/lessons/${id}/translated/${stem})
  cmake_path(GET source STEM name)
  set(translated ${folder}/${name}.cpp)
  file(MAKE_DIRECTORY ${folder})
  # Headers of its own that need a translation, too, lie beside it or beside the contract.
  get_target_property(folders ${id}.contract INTERFACE_INCLUDE_DIRECTORIES)
  list(TRANSFORM folders REPLACE "(.+)" "-I;\\1")
  add_custom_command(OUTPUT ${translated}
    COMMAND cuda_translate ${source} -o ${translated} ${folders} -MF ${translated}.d
    DEPENDS cuda_translate ${source} ${ARGN} DEPFILE ${translated}.d VERBATIM)
  set(${out} ${translated} PARENT_SCOPE)
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
# A rehearsal needs some; preset gpu has all.
set(WORKBOOK_GPU_MISTAKES 8 CACHE STRING "So many mistakes of a lesson are compiled for a GPU as well")
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
# `out` becomes the command.
function(workbook_nvcc_object out object source)
  get_filename_component(folder ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  get_target_property(eigen Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
  list(TRANSFORM ARGN PREPEND -I OUTPUT_VARIABLE contracts)
  set(command ${WORKBOOK_NVCC} -std=c++20 --expt-relaxed-constexpr -O2 -lineinfo ${nvcc_architecture}
    -Xcompiler=-fPIC,-fvisibility=hidden -diag-suppress=177,20208 -DEIGEN_NO_CUDA
    -I${CMAKE_SOURCE_DIR} ${contracts} -isystem ${eigen}
    -DEIGEN_MAX_ALIGN_BYTES=64 -MD -MF ${object}.d -c ${source} -o ${object})
  add_custom_command(OUTPUT ${object} COMMAND ${command} DEPENDS ${source} DEPFILE ${object}.d VERBATIM)
  set(${out} ${command} PARENT_SCOPE)
endfunction()

set(workbook_gpu_call ${CMAKE_BINARY_DIR}/common/cuda/gpu_call.o) # made in common/cuda

# The flavour for a GPU, and build/lessons/NN_name/<impl>.gpu.json, by which another machine can make it again.
# CONTRACTS: folders of other contracts that the source includes; OBJECTS: what is linked besides; PARTS: as for
# workbook_add_implementation().
function(workbook_add_gpu_plugin id impl source)
  cmake_parse_arguments(more "" "" "CONTRACTS;OBJECTS;PARTS" ${ARGN})
  if(NOT WORKBOOK_NVCC OR NOT WORKBOOK_CUDART)
    return()
  endif()
  string(REPLACE "mistake." "mistakes/" file ${impl})
  set(object ${CMAKE_BINARY_DIR}/lessons/${id}/gpu/${file}.o)
  get_target_property(contract ${id}.contract INTERFACE_INCLUDE_DIRECTORIES)
  workbook_nvcc_object(compile ${object} ${source} ${contract} ${more_CONTRACTS})
  add_custom_command(OUTPUT ${object} DEPENDS ${more_PARTS} APPEND)
  add_library(${id}.${impl}.gpu MODULE EXCLUDE_FROM_ALL ${object} ${more_OBJECTS} $<TARGET_OBJECTS:${id}.glue>
    $<TARGET_OBJECTS:workbook_device_buffer> ${workbook_gpu_call})
  target_link_libraries(${id}.${impl}.gpu PRIVATE ${id}.contract ${WORKBOOK_CUDART} Threads::Threads ${CMAKE_DL_LIBS} rt)
  set_target_properties(${id}.${impl}.gpu PROPERTIES LINKER_LANGUAGE CXX)
  set_source_files_properties(${workbook_gpu_call} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  add_dependencies(${id}.${impl}.gpu workbook_gpu_call)
  workbook_place_plugin(${id}.${impl}.gpu ${id} ${impl} .gpu.so)
  set(link c++ -shared -fPIC -o $<TARGET_FILE:${id}.${impl}.gpu> ${object} ${more_OBJECTS} $<TARGET_OBJECTS:${id}.glue>
    $<TARGET_OBJECTS:workbook_device_buffer> ${workbook_gpu_call} -Wl,-rpath,$ORIGIN/../../bin
    $<TARGET_FILE:workbook> ${WORKBOOK_CUDART} -lpthread -ldl -lrt)
  list(JOIN compile "\", \"" compile)
  list(JOIN link "\", \"" link)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/lessons/${id}/${file}.gpu.json CONTENT
    "{\"object\": \"${object}\",\n \"compile\": [\"${compile}\"],\n \"link\": [\"${link}\"]}\n")
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
function(workbook_add_cuda_figure id source solution)
  cmake_path(GET solution STEM name)
  add_executable(${id}.figure EXCLUDE_FROM_ALL ${source}
    ${CMAKE_BINARY_DIR}/lessons/${id}/translated/solution/${name}.cpp)
  target_include_directories(${id}.figure BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/common/cuda/include)
  target_compile_options(${id}.figure PRIVATE "SHELL:-include cuda_runtime.h" -fno-strict-aliasing -Wno-unknown-pragmas)
  target_link_libraries(${id}.figure PRIVATE workbook_sim)
endfunction()
