#include "kernels/kernels.hpp"

#include <array>

namespace dynkit {

namespace baseline {
extern const Kernels kKernels;
}
#if defined(__x86_64__)
namespace x86_64_v3 {
extern const Kernels kKernels;
}
namespace x86_64_v4 {
extern const Kernels kKernels;
}
#endif

namespace {

using List = std::array<const Kernels*, 4>;

// Asked by feature: clang 14 does not know the names of the levels.
List find_runnable() {
  List list{};
  std::size_t count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (v4) list[count++] = &x86_64_v4::kKernels;
  if (v3) list[count++] = &x86_64_v3::kKernels;
#endif
  list[count] = &baseline::kKernels;
  return list;
}

}  // namespace

const Kernels* const* runnable_kernels() {
  static const List list = find_runnable();
  return list.data();
}

const Kernels& kernels() {
  static const Kernels& best = *runnable_kernels()[0];
  return best;
}

}  // namespace dynkit
