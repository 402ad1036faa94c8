// No call of a model or readout takes memory from the heap, also where a product has many blocks.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>

#include "support/f32_model.hpp"
#include "support/network_cases.hpp"

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

const std::filesystem::path kPlugins = DYNKIT_PLUGIN_FOLDER;

// Wider than a block of the matrix product, in every dimension.
std::vector<NetworkCase> wide_cases() {
  return {{"rnn", {{"n", "160"}, {"m", "3"}}, 163, 1},
          {"gru", {{"n", "160"}, {"m", "3"}}, 163, 1},
          {"lstm", {{"n", "160"}, {"m", "3"}}, 163, 1},
          {"node", {{"n", "160"}, {"m", "3"}, {"hidden", "[170, 180]"}}, 180, 3},
          {"node", {{"n", "80"}, {"hidden", "[170]"}, {"second_order", "true"}}, 170, 2},
          {"gated_node", {{"n", "160"}, {"m", "3"}, {"gate_hidden", "[170]"}}, 170, 3},
          {"perceptron_readout",
           {{"n", "160"}, {"o", "150"}, {"hidden", "[170]"}, {"link", "softmax"}},
           170,
           2,
           "org.dynkit.mlp_readout"}};
}

class AllocationTest : public ::testing::TestWithParam<NetworkCase> {};

std::string case_name(const ::testing::TestParamInfo<NetworkCase>& info) {
  return info.param.library + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Networks, AllocationTest, ::testing::ValuesIn(wide_cases()), case_name);

// Otherwise the next tests prove nothing.
TEST_P(AllocationTest, OfThePluginIsSeen) {
  const dk_component& component =
      find_component((kPlugins / ("dynkit_" + GetParam().library + ".so")).string(), GetParam().id);
  const SettingValues values(component, GetParam().settings);
  const dk_values all{static_cast<std::int64_t>(values.values.size()), values.values.data()};
  const FakeHost host;
  const long before = allocations;
  if (component.interface_id == std::string_view(DK_READOUT_V1)) {
    const auto* table = static_cast<const dk_readout_v1*>(component.interface_table);
    dk_readout* readout = nullptr;
    call(table->create, &host.table(), &all, &readout);
    EXPECT_GT(allocations, before);
    table->destroy(readout);
  } else {
    const auto* table = static_cast<const dk_model_v1*>(component.interface_table);
    dk_model* model = nullptr;
    call(table->create, &host.table(), &all, &model);
    EXPECT_GT(allocations, before);
    table->destroy(model);
  }
}

TEST_P(AllocationTest, CallsTakeNothingFromTheHeap) {
  const PluginModel model = GetParam().make(kPlugins);
  const Problem problem(model, 150);
  const std::int64_t n = problem.n, o = problem.o;
  const GuardedBuffer vjp_scratch = model.scratch(DK_VJP, 150, 1);
  const GuardedBuffer jvp_scratch = model.scratch(DK_JVP, 150, 1);
  const GuardedBuffer eval_scratch = model.scratch(DK_EVAL, 150, 1);
  const GuardedBuffer jacobian_scratch = model.scratch(DK_JACOBIAN, 150, 1);
  const GuardedBuffer prepared(model.table().prepared_size(model.handle()));
  Numbers out(static_cast<std::size_t>(150 * o)), x_bar(problem.x.size());
  Numbers theta_bar(problem.theta.size()), J(static_cast<std::size_t>(150 * o * n));
  dk_points points = problem.points();
  const dk_output output{out.data(), o};
  const dk_matrices matrices{J.data(), o * n, n};
  const dk_cotangents cotangents{1, {out.data(), o}, {x_bar.data(), n}, {}, {theta_bar.data(), 0}};
  const dk_tangents tangents{1, {problem.x.data(), n}, {}, {problem.theta.data(), 0}};
  const dk_model_v1& table = model.table();
  const long before = allocations;
  call(table.prepare, model.handle(), problem.theta.data(), static_cast<void*>(prepared.data()));
  for (const void* weights :
       {static_cast<const void*>(nullptr), static_cast<const void*>(prepared.data())}) {
    points.prepared = weights;
    points.scratch = eval_scratch.data();
    call(table.eval, model.handle(), &points, &output);
    points.scratch = jvp_scratch.data();
    call(table.jvp, model.handle(), &points, &tangents, &output);
    points.scratch = vjp_scratch.data();
    call(table.vjp, model.handle(), &points, &cotangents);
    points.scratch = jacobian_scratch.data();
    call(table.jacobian, model.handle(), &points, std::int32_t{DK_WRT_STATE}, &matrices);
  }
  EXPECT_EQ(allocations, before);
}

TEST_P(AllocationTest, CallsInSinglePrecisionTakeNothingFromTheHeap) {
  const PluginModel model = GetParam().make(kPlugins);
  Problem problem(model, 150);
  const FloatProblem floats(problem);
  const auto* table = model.extension<dk_f32_v1>(DK_F32_V1);
  const void* self = model.instance();
  const std::int64_t n = problem.n, o = problem.o;
  const GuardedBuffer scratch(table->scratch_size(self, DK_VJP, 150, 1));
  const GuardedBuffer tape(table->tape_size(self, 150));
  Floats out(static_cast<std::size_t>(150 * o)), x_bar(floats.x.size());
  Floats theta_bar(floats.theta.size());
  dk_points_f32 points = floats.points();
  points.scratch = scratch.data();
  points.tape = tape.data();
  const dk_output_f32 output{out.data(), o};
  const dk_cotangents_f32 cotangents{
      1, {out.data(), o}, {x_bar.data(), n}, {}, {theta_bar.data(), 0}};
  const long before = allocations;
  call(table->eval, self, &points, &output);
  call(table->vjp, self, &points, &cotangents);
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace dynkit::testing
