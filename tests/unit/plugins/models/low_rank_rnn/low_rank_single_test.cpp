// The low-rank network in single precision against itself in double, at the same points.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dynkit/f32.h"
#include "low_rank_network.hpp"

namespace dynkit::testing {
namespace {

using Floats = std::vector<float>;

// Relative to the largest element: a chain of sums of 37, 4 and 3 products, each within 6e-8.
constexpr double kTolerance = 3e-6;

Floats single(const Numbers& numbers) {
  return Floats(numbers.begin(), numbers.end());
}

// Numbers that a float holds exactly.
void round_to_single(Numbers& numbers) {
  for (double& number : numbers) number = static_cast<float>(number);
}

// A problem in both precisions, with two directions of everything.
class SinglePrecision {
 public:
  explicit SinglePrecision(const PluginModel& model)
      : model_(model),
        problem_(model, 5),
        table_(*model.extension<dk_f32_v1>(DK_F32_V1)),
        x_dot_(random_numbers(5 * 2 * problem_.n, 31)),
        u_dot_(random_numbers(5 * 2 * problem_.m, 32)),
        theta_dot_(random_numbers(2 * problem_.p, 33)) {
    for (Numbers* numbers :
         {&problem_.x, &problem_.u, &problem_.theta, &x_dot_, &u_dot_, &theta_dot_}) {
      round_to_single(*numbers);
    }
    x_ = single(problem_.x);
    u_ = single(problem_.u);
    theta_ = single(problem_.theta);
  }

  void expect_eval(bool prepared) const {
    Floats out(problem_.x.size());
    const dk_output_f32 output{out.data(), problem_.n};
    const GuardedBuffer weights(table_.prepared_size(model_.handle()));
    call(table_.prepare, self(), theta_.data(), static_cast<void*>(weights.data()));
    run(DK_EVAL, 1, [&](dk_points_f32& points) {
      points.prepared = prepared ? weights.data() : nullptr;
      call(table_.eval, self(), &points, &output);
    });
    EXPECT_TRUE(weights.intact());
    expect_close(out, model_.eval(problem_.points()));
  }

  void expect_jacobian(std::int32_t wrt, std::int64_t k) const {
    Floats J(static_cast<std::size_t>(5 * problem_.n * k));
    const dk_matrices_f32 matrices{J.data(), problem_.n * k, k};
    run(DK_JACOBIAN, 1,
        [&](dk_points_f32& points) { call(table_.jacobian, self(), &points, wrt, &matrices); });
    expect_close(J, model_.jacobian(problem_.points(), wrt));
  }

  void expect_jvp() const {
    const std::int64_t n = problem_.n, m = problem_.m;
    Floats out(static_cast<std::size_t>(5 * 2 * n));
    const Floats x_dot = single(x_dot_), u_dot = single(u_dot_), theta_dot = single(theta_dot_);
    const dk_tangents_f32 tangents{
        2, {x_dot.data(), 2 * n}, {u_dot.data(), 2 * m}, {theta_dot.data(), 0}};
    const dk_output_f32 output{out.data(), 2 * n};
    run(DK_JVP, 2,
        [&](dk_points_f32& points) { call(table_.jvp, self(), &points, &tangents, &output); });
    expect_close(
        out,
        model_.jvp(problem_.points(),
                   {2, {x_dot_.data(), 2 * n}, {u_dot_.data(), 2 * m}, {theta_dot_.data(), 0}}));
  }

  // x_dot stands for the cotangent of the result.
  void expect_vjp() const {
    const std::int64_t n = problem_.n, m = problem_.m, p = problem_.p;
    const Pullback expected(model_, problem_.points(), x_dot_, 2);
    Floats x_bar(expected.x_bar.size()), u_bar(expected.u_bar.size());
    Floats theta_bar(expected.theta_bar.size());
    const Floats out_bar = single(x_dot_);
    const dk_cotangents_f32 cotangents{2,
                                       {out_bar.data(), 2 * n},
                                       {x_bar.data(), 2 * n},
                                       {u_bar.data(), 2 * m},
                                       {theta_bar.data(), 2 * p}};
    run(DK_VJP, 2, [&](dk_points_f32& points) { call(table_.vjp, self(), &points, &cotangents); });
    expect_close(x_bar, expected.x_bar);
    expect_close(u_bar, expected.u_bar);
    expect_close(theta_bar, expected.theta_bar);
  }

 private:
  const void* self() const { return model_.handle(); }

  template <class Operation>
  void run(std::int32_t operation, std::int64_t K, Operation operate) const {
    const GuardedBuffer scratch(table_.scratch_size(self(), operation, 5, K));
    dk_points_f32 points{};
    points.count = 5;
    points.x = {x_.data(), problem_.n};
    points.u = {u_.data(), problem_.m};
    points.theta = {theta_.data(), 0};
    points.scratch = scratch.data();
    operate(points);
    EXPECT_TRUE(scratch.intact());
  }

  static void expect_close(const Floats& found, const Numbers& expected) {
    const Numbers wide(found.begin(), found.end());
    EXPECT_GT(largest_magnitude(expected), 0.01);
    EXPECT_LT(largest_difference(wide, expected), kTolerance * largest_magnitude(expected));
  }

  const PluginModel& model_;
  Problem problem_;
  const dk_f32_v1& table_;
  Numbers x_dot_, u_dot_, theta_dot_;
  Floats x_, u_, theta_;
};

class LowRankSingleTest : public ::testing::TestWithParam<std::string> {
 protected:
  template <class Check>
  void for_each_kind(Check check) const {
    for (const std::string activation : kLowRankActivations) {
      for_each_low_rank_kind(activation, [&](LowRankKind kind) {
        kind.N = 37;
        const PluginModel model(GetParam(), kind.settings());
        check(SinglePrecision(model), model.info());
      });
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, LowRankSingleTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_LOW_RANK_RNN_LIBRARY)),
                         level_name);

TEST_P(LowRankSingleTest, ValuesAreThoseOfDoublePrecision) {
  for_each_kind([](const SinglePrecision& problem, const dk_model_info&) {
    problem.expect_eval(false);
    problem.expect_eval(true);
  });
}

TEST_P(LowRankSingleTest, JacobiansAreThoseOfDoublePrecision) {
  for_each_kind([](const SinglePrecision& problem, const dk_model_info& info) {
    problem.expect_jacobian(DK_WRT_STATE, info.n);
    problem.expect_jacobian(DK_WRT_INPUT, info.m);
    problem.expect_jacobian(DK_WRT_PARAMETERS, info.p);
  });
}

TEST_P(LowRankSingleTest, TangentsAreThoseOfDoublePrecision) {
  for_each_kind([](const SinglePrecision& problem, const dk_model_info&) { problem.expect_jvp(); });
}

TEST_P(LowRankSingleTest, CotangentsAreThoseOfDoublePrecision) {
  for_each_kind([](const SinglePrecision& problem, const dk_model_info&) { problem.expect_vjp(); });
}

}  // namespace
}  // namespace dynkit::testing
