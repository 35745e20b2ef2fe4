# How every target of the project is compiled: warnings, instruction set, sanitizers. One place for all of them.
add_library(tapeline_options INTERFACE)
target_include_directories(tapeline_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(tapeline_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wno-missing-field-initializers)  # designated initialisers name what differs from the default
# GCC 12 warns of overlapping copies inside its own std::string operator+ (GCC bug 105651). Of its other copies it does so where
# much is inlined, once the library is precompiled and so passes for ours; the dev preset keeps those warnings.
target_compile_options(tapeline_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread>")
# The members of an event's payload are structures without a name, as every compiler has them; and in libstdc++'s stable_sort clang
# sees what its own C++17 deprecates. GCC, which builds what users run, keeps both warnings.
target_compile_options(tapeline_options INTERFACE
  $<$<CXX_COMPILER_ID:Clang>:-Wno-nested-anon-types;-Wno-deprecated-declarations>)

# The same last bit in every build: a fused multiply-add rounds once where two operations round twice.
target_compile_options(tapeline_options INTERFACE -ffp-contract=off)

# As some libraries' headers ask for it: one set of definitions everywhere, or precompiled headers are of no use.
target_compile_definitions(tapeline_options INTERFACE _FILE_OFFSET_BITS=64)

# simdjson picks its on-demand kernel at compile time, and needs pclmul to pick a vector one.
if(TAPELINE_MARCH)
  target_compile_options(tapeline_options INTERFACE -march=${TAPELINE_MARCH})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(tapeline_options INTERFACE -march=x86-64-v3 -mpclmul)
endif()

if(TAPELINE_SANITIZE)
  target_compile_options(tapeline_options INTERFACE
    -fsanitize=${TAPELINE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tapeline_options INTERFACE -fsanitize=${TAPELINE_SANITIZE})
  target_compile_definitions(tapeline_options INTERFACE TAPELINE_SANITIZED)
else()
  target_compile_definitions(tapeline_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()

find_program(TAPELINE_MOLD mold)
if(TAPELINE_MOLD)
  target_link_options(tapeline_options INTERFACE -fuse-ld=mold)
endif()

# tapeline_hot(TARGET): it computes more than it waits. With a sanitizer only such targets are optimised.
function(tapeline_hot target)
  if(TAPELINE_SANITIZE)
    target_compile_options(${target} PRIVATE -O1)
    set_target_properties(${target} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)  # those are of -O0
  endif()
endfunction()

# tapeline_library(NAME [UNITY] [HOT] SOURCES ... [LIBRARIES ...]): LIBRARIES are what the sources include, all public.
# UNITY: no two files have a private thing of one name. With the sanitizers, which make headers slow to compile, several such
# files are compiled in one go.
# HOT: as of tapeline_hot().
function(tapeline_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "UNITY;HOT" "" "SOURCES;LIBRARIES")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC tapeline_options Threads::Threads ${arg_LIBRARIES})
  target_precompile_headers(${name} REUSE_FROM tapeline_precompiled)
  if(TAPELINE_SANITIZE AND arg_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
  if(arg_HOT)
    tapeline_hot(${name})
  endif()
endfunction()

# tapeline_test(NAME [THREADS] [HOT] LABEL label SOURCES ... [LIBRARIES ...] [TIMEOUT seconds]): one executable, one ctest entry.
# THREADS: the test runs several. Under the thread sanitizer only such tests are built: nothing could race in the others.
# HOT: as of tapeline_hot().
function(tapeline_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "THREADS;HOT" "LABEL;TIMEOUT" "SOURCES;LIBRARIES")
  if(TAPELINE_SANITIZE MATCHES "thread" AND NOT arg_THREADS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE tapeline_options GTest::gtest_main GTest::gmock ${arg_LIBRARIES})
  target_precompile_headers(${name} REUSE_FROM tapeline_test_precompiled)
  if(arg_HOT)
    tapeline_hot(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp halt_on_error=1")
endfunction()
