# How everything is compiled: attached to targets through workbook_options, never global.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON) # clangd looks for it in build/
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1") # asserts stay on; line tables are enough for a call stack
set_property(GLOBAL PROPERTY RULE_MESSAGES OFF)

set(WORKBOOK_SANITIZER "" CACHE STRING "Build common/ under a sanitizer: address or thread")
option(WORKBOOK_MISTAKES "Know how to build the solutions' mistakes. ninja reads that before each build, which takes as \
long as all the rest, so ./workbook has it ON only where somebody has verified a lesson" ON)
option(WORKBOOK_NATIVE "Tune compiled-once code and benchmarks for this machine's processor" ON)

find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)

# Flags of all our code.
add_library(workbook_options INTERFACE)
target_compile_features(workbook_options INTERFACE cxx_std_20)
target_compile_options(workbook_options INTERFACE -Wall -Wextra -Wpedantic
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:WORKBOOK_LENIENT>>>:-Werror>
  -Wno-missing-field-initializers # a designated initialiser leaves the rest at its default, on purpose
  -Wno-psabi # a vector (common/tensor/lanes.h) is passed in another way on each machine, and only within one file
  -fno-omit-frame-pointer)
target_include_directories(workbook_options INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(workbook_options INTERFACE Eigen3::Eigen)
# Views are passed between code compiled for different instruction sets; owned matrices must be allocated alike.
target_compile_definitions(workbook_options INTERFACE EIGEN_MAX_ALIGN_BYTES=64)
find_program(WORKBOOK_GOLD ld.gold) # links a plugin in half the time of the default linker; newer systems lack it
if(WORKBOOK_GOLD)
  target_link_options(workbook_options INTERFACE -fuse-ld=gold)
endif()
# -Wno-maybe-uninitialized: with AddressSanitizer g++ 12 warns of its own std::function and std::regex.
set(WORKBOOK_SANITIZE.address -fsanitize=address,undefined -fno-sanitize-recover=all -Wno-maybe-uninitialized)
set(WORKBOOK_SANITIZE.thread -fsanitize=thread)
if(WORKBOOK_SANITIZER)
  set(WORKBOOK_SANITIZE ${WORKBOOK_SANITIZE.${WORKBOOK_SANITIZER}})
  target_compile_options(workbook_options INTERFACE -O1 ${WORKBOOK_SANITIZE})
  target_link_options(workbook_options INTERFACE ${WORKBOOK_SANITIZE})
endif()

# Of code that has to be fast and is compiled once. -Wno-maybe-uninitialized: g++ 12 warns of its own AVX-512 intrinsics
# (GCC bug 105593). Under a sanitizer, Eigen's products would take a minute to compile like this.
set(WORKBOOK_FAST -O3 -Wno-maybe-uninitialized $<$<BOOL:${WORKBOOK_NATIVE}>:-march=native>)
if(WORKBOOK_SANITIZER)
  set(WORKBOOK_FAST -O1)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON) # what is built may be taken elsewhere, as `gpu pack` does
set(WORKBOOK_BIN ${CMAKE_BINARY_DIR}/bin)
