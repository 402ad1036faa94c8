# Target dynkit_ceres: Ceres as a shared library, which its CMake package does not offer everywhere:
# objects of an archive would be linked with ours, and its inline Eigen functions, compiled for
# another instruction set, with ours of the same names.
find_path(DYNKIT_CERES_INCLUDE_DIR ceres/problem.h REQUIRED)
find_library(DYNKIT_CERES_LIBRARY ${CMAKE_SHARED_LIBRARY_PREFIX}ceres${CMAKE_SHARED_LIBRARY_SUFFIX}
             REQUIRED)
add_library(dynkit_ceres INTERFACE)
target_include_directories(dynkit_ceres SYSTEM INTERFACE ${DYNKIT_CERES_INCLUDE_DIR})
target_link_libraries(dynkit_ceres INTERFACE ${DYNKIT_CERES_LIBRARY})
