// No call of the model takes memory from the heap, also where a product has many blocks.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/model_checks.hpp"

namespace {
std::atomic<long> allocations = 0;
}

// Not inlined: g++ would take the pair of malloc and free in one place for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace dynkit::testing {
namespace {

// Otherwise the next test proves nothing.
TEST(GruAllocation, IsSeenInThePlugin) {
  const PluginModel model(DYNKIT_GRU_LIBRARY, {});
  dk_value values[2] = {};
  values[0].integer = 5;
  const dk_values settings{2, values};
  dk_model* instance = nullptr;
  const long before = allocations;
  call(model.table().create, &model.host(), &settings, &instance);
  EXPECT_GT(allocations, before);
  model.table().destroy(instance);
}

TEST(GruAllocation, CallsTakeNothingFromTheHeap) {
  const PluginModel model(DYNKIT_GRU_LIBRARY, {{"n", "160"}, {"m", "3"}});
  const Problem problem(model, 150);
  const GuardedBuffer scratch = model.scratch(DK_VJP, problem.S, 1);
  const GuardedBuffer jacobian_scratch = model.scratch(DK_JACOBIAN, problem.S, 1);
  Numbers out(problem.x.size()), x_bar(problem.x.size()), theta_bar(problem.theta.size());
  Numbers J(out.size() * static_cast<std::size_t>(problem.n));
  dk_points points = problem.points();
  const dk_output output{out.data(), problem.n};
  const dk_matrices matrices{J.data(), problem.n * problem.n, problem.n};
  const dk_cotangents cotangents{
      1, {problem.x.data(), problem.n}, {x_bar.data(), problem.n}, {}, {theta_bar.data(), 0}};
  const dk_tangents tangents{1, {problem.x.data(), problem.n}, {}, {problem.theta.data(), 0}};
  const long before = allocations;
  points.scratch = scratch.data();
  call(model.table().eval, model.handle(), &points, &output);
  call(model.table().jvp, model.handle(), &points, &tangents, &output);
  call(model.table().vjp, model.handle(), &points, &cotangents);
  points.scratch = jacobian_scratch.data();
  call(model.table().jacobian, model.handle(), &points, std::int32_t{DK_WRT_STATE}, &matrices);
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace dynkit::testing
