# Programs for instruction-set levels other than the baseline.

# dynkit_runnable_instruction_sets(VARIABLE): the levels that the building machine runs, "baseline"
# first.
function(dynkit_runnable_instruction_sets variable)
  set(levels baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT CMAKE_CROSSCOMPILING)
    include(CheckCXXSourceRuns)
    check_cxx_source_runs("int main() {
        return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") ? 0 : 1; }"
      DYNKIT_RUNS_X86_64_V3)
    check_cxx_source_runs("int main() {
        return __builtin_cpu_supports(\"avx512f\") && __builtin_cpu_supports(\"avx512vl\") &&
               __builtin_cpu_supports(\"avx512bw\") && __builtin_cpu_supports(\"avx512dq\") ? 0 : 1; }"
      DYNKIT_RUNS_X86_64_V4)
    if(DYNKIT_RUNS_X86_64_V3)
      list(APPEND levels x86-64-v3)
    endif()
    if(DYNKIT_RUNS_X86_64_V4)
      list(APPEND levels x86-64-v4)
    endif()
  endif()
  set(${variable} ${levels} PARENT_SCOPE)
endfunction()

# dynkit_compile_for(TARGET LEVEL): the options of a plugin's variant.
function(dynkit_compile_for target level)
  if(NOT level STREQUAL "baseline")
    target_compile_options(${target} PRIVATE -march=${level})
  endif()
  if(level STREQUAL "x86-64-v4")
    target_compile_options(${target} PRIVATE -mprefer-vector-width=512)
  endif()
endfunction()

# dynkit_add_test_for_levels(NAME SOURCES file... [OPTIONS flag...]): a GoogleTest program for each
# level, NAME_LEVEL, whose ctest entries begin with program and level.
function(dynkit_add_test_for_levels name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;OPTIONS")
  dynkit_runnable_instruction_sets(levels)
  foreach(level IN LISTS levels)
    add_executable(${name}_${level} ${arg_SOURCES})
    target_link_libraries(${name}_${level} PRIVATE
      dynkit_compile_options dynkit::sdk GTest::gtest_main)
    target_include_directories(${name}_${level} PRIVATE
      ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
    target_compile_options(${name}_${level} PRIVATE ${arg_OPTIONS})
    dynkit_compile_for(${name}_${level} ${level})
    gtest_discover_tests(${name}_${level} TEST_PREFIX "${name}/${level}/" PROPERTIES LABELS unit
                         DISCOVERY_TIMEOUT 60)
  endforeach()
endfunction()
