// The single precision of a model or readout (dynkit/f32.h), called as PluginModel calls the
// double.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "dynkit/f32.h"
#include "support/model_checks.hpp"

namespace dynkit::testing {

using Floats = std::vector<float>;

inline Floats to_floats(const Numbers& numbers) {
  Floats floats;
  for (const double number : numbers) floats.push_back(static_cast<float>(number));
  return floats;
}

inline Numbers to_numbers(const Floats& floats) {
  return Numbers(floats.begin(), floats.end());
}

/// The arguments of a Problem, which is first rounded to floats so that both mean the same numbers.
struct FloatProblem {
  explicit FloatProblem(Problem& problem)
      : S(problem.S),
        n(problem.n),
        m(problem.m),
        p(problem.p),
        o(problem.o),
        t(problem.t),
        x(to_floats(problem.x)),
        u(to_floats(problem.u)),
        theta(to_floats(problem.theta)) {
    problem.x = to_numbers(x);
    problem.u = to_numbers(u);
    problem.theta = to_numbers(theta);
  }

  dk_points_f32 points() const { return points(0, S); }
  dk_points_f32 points(std::int64_t first, std::int64_t count) const {
    dk_points_f32 points{};
    points.count = count;
    points.t = {t.data() + first, 1};
    points.x = {x.data() + first * n, n};
    points.u = {m > 0 ? u.data() + first * m : nullptr, m};
    points.theta = {theta.data(), 0};
    return points;
  }

  std::int64_t S, n, m, p, o;
  Numbers t;
  Floats x, u, theta;
};

class F32Model {
 public:
  explicit F32Model(const PluginModel& model)
      : table_(model.extension<dk_f32_v1>(DK_F32_V1)),
        self_(model.instance()),
        info_(model.info()),
        o_(model.outputs()) {}

  /// Whether the plugin offers single precision at all.
  bool offered() const { return table_ != nullptr; }

  GuardedBuffer prepared(const Floats& theta) const {
    GuardedBuffer buffer(table_->prepared_size(self_));
    call(table_->prepare, self_, theta.data(), static_cast<void*>(buffer.data()));
    EXPECT_TRUE(buffer.intact()) << "prepare wrote past its buffer";
    return buffer;
  }
  GuardedBuffer tape(std::int64_t S) const { return GuardedBuffer(table_->tape_size(self_, S)); }

  /// [S,o]
  Floats eval(dk_points_f32 points) const {
    Floats out(size(points.count * o_), std::nanf(""));
    const dk_output_f32 output{out.data(), o_};
    with_scratch(points, DK_EVAL, 1, [&] { call(table_->eval, self_, &points, &output); });
    return out;
  }

  /// [S,o,k]
  Floats jacobian(dk_points_f32 points, std::int32_t wrt) const {
    const std::int64_t k = wrt == DK_WRT_STATE ? info_.n : wrt == DK_WRT_INPUT ? info_.m : info_.p;
    Floats J(size(points.count * o_ * k), std::nanf(""));
    const dk_matrices_f32 matrices{J.data(), o_ * k, k};
    with_scratch(points, DK_JACOBIAN, 1,
                 [&] { call(table_->jacobian, self_, &points, wrt, &matrices); });
    return J;
  }

  /// [S,K,o]
  Floats jvp(dk_points_f32 points, const dk_tangents_f32& tangents) const {
    Floats out(size(points.count * tangents.count * o_), std::nanf(""));
    const dk_output_f32 output{out.data(), tangents.count * o_};
    with_scratch(points, DK_JVP, tangents.count,
                 [&] { call(table_->jvp, self_, &points, &tangents, &output); });
    return out;
  }

  void vjp(dk_points_f32 points, const dk_cotangents_f32& cotangents) const {
    with_scratch(points, DK_VJP, cotangents.count,
                 [&] { call(table_->vjp, self_, &points, &cotangents); });
  }

  /// What every_result of model_checks.hpp gives, from the same directions rounded to floats.
  std::vector<Floats> every_result(const dk_points_f32& points) const {
    const std::int64_t S = points.count, n = info_.n, m = info_.m, p = info_.p;
    std::vector<Floats> results = {eval(points)};
    for (const std::int32_t wrt : {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS}) {
      results.push_back(jacobian(points, wrt));
    }
    const Floats x_dot = to_floats(random_numbers(S * 2 * n, 41));
    const Floats u_dot = to_floats(random_numbers(S * 2 * m, 42));
    const Floats theta_dot = to_floats(random_numbers(S * 2 * p, 43));
    results.push_back(
        jvp(points, {2, {x_dot.data(), 2 * n}, {u_dot.data(), 2 * m}, {theta_dot.data(), 2 * p}}));
    const Floats out_bar = to_floats(random_numbers(S * 2 * o_, 44));
    Floats x_bar(x_dot.size(), 55.0f), u_bar(u_dot.size(), 55.0f), theta_bar(theta_dot.size());
    vjp(points, {2,
                 {out_bar.data(), 2 * o_},
                 {x_bar.data(), 2 * n},
                 {u_bar.data(), 2 * m},
                 {theta_bar.data(), 2 * p}});
    results.insert(results.end(), {x_bar, u_bar, theta_bar});
    return results;
  }

 private:
  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  template <class Body>
  void with_scratch(dk_points_f32& points, std::int32_t operation, std::int64_t K,
                    Body body) const {
    const GuardedBuffer buffer(table_->scratch_size(self_, operation, points.count, K));
    points.scratch = buffer.data();
    body();
    EXPECT_TRUE(buffer.intact()) << "operation " << operation << " wrote past its scratch";
  }

  const dk_f32_v1* table_;
  const void* self_;
  dk_model_info info_;
  std::int64_t o_;
};

}  // namespace dynkit::testing
