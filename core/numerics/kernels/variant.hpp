// What the inner loops of one instruction set share. The files that include it are compiled once
// for each, with DYNKIT_KERNELS the namespace of the variant. They include nothing with inline
// functions of external linkage: the linker keeps one copy of those, and it might be one that this
// machine cannot run.
#pragma once

#include "kernels/kernels.hpp"

#if defined(__clang__)
#define DYNKIT_VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define DYNKIT_VECTOR_LOOP _Pragma("GCC ivdep")
#endif

namespace dynkit::DYNKIT_KERNELS {

using Int = std::int64_t;

// tangent_kernels.cpp, for the table in lane_kernels.cpp.
void tangent_product(Int n, Int K, const double* J, const double* V, double* transposed,
                     double* out);
void tangent_step(const TangentStep& step, double h, double* sums);

namespace {

inline double larger(double a, double b) {
  return a > b ? a : b;
}

}  // namespace
}  // namespace dynkit::DYNKIT_KERNELS
