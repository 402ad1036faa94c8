# Options of our own targets: warnings, sanitizers, baseline instruction set, arithmetic.

add_library(dynkit_compile_options INTERFACE)

target_compile_options(dynkit_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

# gcc 12 sees overlaps inside std::string that are not there (GCC bug 105651).
target_compile_options(dynkit_compile_options INTERFACE
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)

# No code of ours reads errno or floating-point traps after arithmetic; both block vector code.
target_compile_options(dynkit_compile_options INTERFACE -fno-math-errno -fno-trapping-math)

# Programs run on every x86-64 machine of the last decade; faster variants are chosen at run time
# (sdk/cmake/DynkitPlugin.cmake). A directory option, since what a target asks for itself must come
# later on the command line: the last -march wins.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-march=x86-64-v2)
endif()

if(DYNKIT_SANITIZE)
  target_compile_options(dynkit_compile_options INTERFACE
    -fsanitize=${DYNKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # gcc 12 then takes members of std::variant and std::vector for uninitialized.
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  target_link_options(dynkit_compile_options INTERFACE -fsanitize=${DYNKIT_SANITIZE})
endif()

# Counters are atomic, since threads share them.
if(DYNKIT_COVERAGE)
  target_compile_options(dynkit_compile_options INTERFACE --coverage -fprofile-update=atomic)
  # A plugin exports its entry point, not what counts.
  target_link_options(dynkit_compile_options INTERFACE
    --coverage LINKER:--exclude-libs,libgcov.a)
endif()
