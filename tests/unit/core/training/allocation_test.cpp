// A step of training takes nothing from the heap once one was made. On one thread: what a library
// of threads takes for itself is not ours.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "fit_problem.hpp"
#include "optimizer.hpp"

namespace {

long allocations = 0;

void* allocate(std::size_t alignment, std::size_t size) {
  ++allocations;
  const std::size_t whole = (size + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, whole)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// Not inlined: g++ would take the pair of allocation and free in one place for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return allocate(alignof(std::max_align_t), size);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(static_cast<std::size_t>(alignment), size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace dynkit::training {
namespace {

struct StepCase {
  FitCase fit;
  bool adaptive = false;
  double jacobian_penalty = 0.0;
};

void PrintTo(const StepCase& one, std::ostream* out) {
  *out << one.fit.name;
}

std::vector<StepCase> cases() {
  const std::vector<ObjectiveTerm> states = {{LossKind::squared, false, "states", {}, 0.8}};
  const std::vector<ObjectiveTerm> observed = {{LossKind::gaussian, true, "observations", {}, 1.3},
                                               {LossKind::squared, false, "positions", {2, 0}}};
  const std::string affine = "org.dynkit.affine", mlp = "org.dynkit.mlp_readout";
  const InitialState learned = InitialState::learned;
  return {
      {{.name = "map", .terms = states}},
      {{.name = "map_observed", .initial = learned, .terms = observed, .readout = affine}},
      {{.name = "map_penalized", .forcing = {0.3, 2}, .terms = states}, false, 0.4},
      {{.name = "flow", .flow = true, .terms = states}},
      {{.name = "flow_observed", .flow = true, .terms = observed, .readout = mlp}},
      {{.name = "flow_in_segments", .flow = true, .shooting = {3, 2.5}, .terms = states}},
      {{.name = "adaptive", .flow = true, .terms = states, .method = "tsit5"}, true},
      {{.name = "adaptive_observed",
        .flow = true,
        .initial = learned,
        .terms = observed,
        .readout = mlp,
        .method = "dop853"},
       true},
  };
}

class TrainingStep : public ::testing::TestWithParam<StepCase> {
 protected:
  TrainingStep() : problem_(GetParam().fit) {
    problem_.fit.rollout.integration.adaptive = GetParam().adaptive;
    problem_.fit.jacobian_penalty = GetParam().jacobian_penalty;
    optimizer_ = make_optimizer({}, problem_.variables.size());
    decayed_.resize(problem_.variables.values.size());
  }

  // Parts of 4, 4 and 2 trials.
  void step(Engine& engine) {
    engine.gradient(problem_.variables, problem_.trials, FitProblem::kTimes, gradient_);
    problem_.variables.regularize(gradient_);
    // A rate of 0: a flow by error control takes the same steps again.
    optimizer_->step(0.0, gradient_, decayed_, problem_.variables.values);
  }

  void expect_no_allocations(Engine& engine) {
    const long before = allocations;
    step(engine);
    const long after_first = allocations;
    // Otherwise nothing is proved.
    ASSERT_GT(after_first, before);
    step(engine);
    step(engine);
    EXPECT_EQ(allocations, after_first);
  }

  TestHost host_{1};
  FitProblem problem_;
  std::unique_ptr<Optimizer> optimizer_;
  Numbers gradient_, decayed_;
};

INSTANTIATE_TEST_SUITE_P(Fits, TrainingStep, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.fit.name; });

TEST_P(TrainingStep, AllocatesNothing) {
  const auto engine = double_engine(problem_.fit, problem_.map, host_);
  expect_no_allocations(*engine);
}

TEST_P(TrainingStep, AllocatesNothingInSinglePrecision) {
  const auto engine = float_engine(problem_.fit, problem_.map, host_);
  ASSERT_NE(engine, nullptr);
  expect_no_allocations(*engine);
}

}  // namespace
}  // namespace dynkit::training
