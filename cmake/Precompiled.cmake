# The standard library and GoogleTest, parsed once: a file of ours takes longer to read them than to compile what it says.
# What a file uses it includes all the same: ./dev lint and the fuzz preset read it without these.
#
# tapeline_precompiled and tapeline_test_precompiled compile nothing; other targets reuse what they have parsed.
# The compiler cache wants to be told of them (-fpch-preprocess, and what ./dev sets).
target_compile_options(tapeline_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cpp CONTENT "")

set(standard_headers <algorithm> <array> <atomic> <bit> <charconv> <chrono> <cmath> <concepts> <cstdint> <cstring>
  <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <span> <sstream> <string> <string_view> <thread>
  <tuple> <unordered_map> <utility> <variant> <vector>)

add_library(tapeline_precompiled OBJECT EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/precompiled.cpp)
target_link_libraries(tapeline_precompiled PRIVATE tapeline_options Threads::Threads)
target_precompile_headers(tapeline_precompiled PRIVATE ${standard_headers})

if(TAPELINE_TESTS)
  find_package(GTest CONFIG REQUIRED)
  add_library(tapeline_test_precompiled OBJECT EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(tapeline_test_precompiled PRIVATE tapeline_options Threads::Threads GTest::gtest GTest::gmock)
  target_precompile_headers(tapeline_test_precompiled PRIVATE ${standard_headers} <gmock/gmock.h> <gtest/gtest.h>)
endif()
