// What every model and every readout with exact derivatives has to satisfy, checked on one at a
// time. Sizes are pairwise different: S = 5 samples, K = 2 directions, n, m and o of the model.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/problem.hpp"

namespace dynkit::testing {

/// Central differences of eval at steps h, h/2 and h/4, extrapolated to order 6, with an error of
/// about h^6 = 6e-17 and 5 eps / h = 6e-13. Where kinks are, a shorter step that is unlikely to
/// meet one: 5 eps / h = 4e-11.
inline Numbers directional_difference(const PluginModel& model, const Problem& problem,
                                      const Numbers& x_dot, const Numbers& u_dot,
                                      const Numbers& theta_dot) {
  const auto shifted = [&](double h) {
    Problem moved = problem;
    for (std::size_t i = 0; i < moved.x.size(); ++i) moved.x[i] += h * x_dot[i];
    for (std::size_t i = 0; i < moved.u.size(); ++i) moved.u[i] += h * u_dot[i];
    for (std::size_t i = 0; i < moved.theta.size(); ++i) moved.theta[i] += h * theta_dot[i];
    return model.eval(moved.points());
  };
  const auto central = [&](double h) {
    Numbers up = shifted(h);
    const Numbers down = shifted(-h);
    for (std::size_t i = 0; i < up.size(); ++i) up[i] = (up[i] - down[i]) / (2.0 * h);
    return up;
  };
  const double step = model.info().flags & DK_NOT_SMOOTH ? 0x1p-15 : 0x1p-9;
  const Numbers d0 = central(step), d1 = central(step / 2.0), d2 = central(step / 4.0);
  Numbers slope(d0.size());
  for (std::size_t i = 0; i < slope.size(); ++i) {
    const double e1 = (4.0 * d1[i] - d0[i]) / 3.0, e2 = (4.0 * d2[i] - d1[i]) / 3.0;
    slope[i] = (16.0 * e2 - e1) / 15.0;
  }
  return slope;
}

inline void expect_jvp_matches_differences(const PluginModel& model) {
  const Problem problem(model, 5);
  const double scale = 1.0 / std::sqrt(static_cast<double>(problem.n));  // of sums of n terms
  const Numbers x_dot = random_numbers(5 * problem.n, 11, scale);
  const Numbers u_dot = random_numbers(5 * problem.m, 12, scale);
  const Numbers theta_dot = random_numbers(problem.p, 13, scale);
  const dk_tangents tangents{
      1, {x_dot.data(), problem.n}, {u_dot.data(), problem.m}, {theta_dot.data(), 0}};
  const Numbers exact = model.jvp(problem.points(), tangents);
  const Numbers difference = directional_difference(model, problem, x_dot, u_dot, theta_dot);
  EXPECT_GT(largest_magnitude(exact), 0.05);
  EXPECT_NE(exact, difference);
  EXPECT_LT(largest_difference(exact, difference), 1e-9 * largest_magnitude(exact));
}

/// Every column of the three Jacobians is the jvp of a unit vector.
inline void expect_jacobians_match_jvp(const PluginModel& model) {
  const Problem problem(model, 5);
  const std::int64_t widths[] = {problem.n, problem.m, problem.p};
  for (const std::int32_t wrt : {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS}) {
    const std::int64_t k = widths[wrt - DK_WRT_STATE];
    Numbers units(static_cast<std::size_t>(k * k), 0.0);
    for (std::int64_t i = 0; i < k; ++i) units[static_cast<std::size_t>(i * k + i)] = 1.0;
    dk_tangents tangents{k, {}, {}, {}};
    (wrt == DK_WRT_STATE   ? tangents.x
     : wrt == DK_WRT_INPUT ? tangents.u
                           : tangents.theta) = {units.data(), 0};
    const Numbers columns = model.jvp(problem.points(), tangents);  // [S,k,o]
    const Numbers J = model.jacobian(problem.points(), wrt);        // [S,o,k]
    Numbers transposed(J.size());
    for (std::int64_t s = 0; s < problem.S; ++s) {
      for (std::int64_t i = 0; i < problem.o; ++i) {
        for (std::int64_t j = 0; j < k; ++j) {
          transposed[static_cast<std::size_t>((s * k + j) * problem.o + i)] =
              J[static_cast<std::size_t>((s * problem.o + i) * k + j)];
        }
      }
    }
    EXPECT_LT(largest_difference(transposed, columns), 1e-13 * (1.0 + largest_magnitude(J)));
  }
}

/// Cotangents of 2 directions with rows of their own in every output, and theta_bar for each
/// sample.
struct Pullback {
  Pullback(const PluginModel& model, dk_points points, const Numbers& out_bar, std::int64_t K)
      : x_bar(static_cast<std::size_t>(points.count * K * model.info().n), 55.0),
        u_bar(static_cast<std::size_t>(points.count * K * model.info().m), 55.0),
        theta_bar(static_cast<std::size_t>(points.count * K * model.info().p)) {
    const dk_model_info& info = model.info();
    const dk_cotangents cotangents{K,
                                   {out_bar.data(), K * model.outputs()},
                                   {x_bar.data(), K * info.n},
                                   {u_bar.data(), K * info.m},
                                   {theta_bar.data(), K * info.p}};
    model.vjp(points, cotangents);
  }
  Numbers x_bar, u_bar, theta_bar;
};

inline double dot(const Numbers& a, const Numbers& b, std::int64_t row, std::int64_t width) {
  double sum = 0.0;
  for (std::int64_t i = row * width; i < (row + 1) * width; ++i) {
    sum += a[static_cast<std::size_t>(i)] * b[static_cast<std::size_t>(i)];
  }
  return sum;
}

/// <out_bar, J v_dot> = <J^T out_bar, v_dot> for each sample and direction.
inline void expect_vjp_is_adjoint_of_jvp(const PluginModel& model) {
  const Problem problem(model, 5);
  constexpr std::int64_t K = 2;
  const std::int64_t rows = problem.S * K;
  const Numbers x_dot = random_numbers(rows * problem.n, 21);
  const Numbers u_dot = random_numbers(rows * problem.m, 22);
  const Numbers theta_dot = random_numbers(rows * problem.p, 23);
  const Numbers out_bar = random_numbers(rows * problem.o, 24);
  const dk_tangents tangents{K,
                             {x_dot.data(), K * problem.n},
                             {u_dot.data(), K * problem.m},
                             {theta_dot.data(), K * problem.p}};
  const Numbers out = model.jvp(problem.points(), tangents);
  const Pullback bar(model, problem.points(), out_bar, K);
  for (std::int64_t row = 0; row < rows; ++row) {
    const double forward = dot(out_bar, out, row, problem.o);
    const double backward = dot(bar.x_bar, x_dot, row, problem.n) +
                            dot(bar.u_bar, u_dot, row, problem.m) +
                            dot(bar.theta_bar, theta_dot, row, problem.p);
    EXPECT_NEAR(forward, backward, 1e-11 * (1.0 + std::abs(forward)));
  }
}

/// A theta_bar that the samples share gets the sum, on top of what stands there.
inline void expect_shared_theta_bar_accumulates(const PluginModel& model) {
  const Problem problem(model, 5);
  constexpr std::int64_t K = 2;
  const Numbers out_bar = random_numbers(problem.S * K * problem.o, 31);
  const Pullback each(model, problem.points(), out_bar, K);
  Numbers sum(static_cast<std::size_t>(K * problem.p), 7.0);
  Numbers expected = sum;
  const dk_cotangents cotangents{K, {out_bar.data(), K * problem.o}, {}, {}, {sum.data(), 0}};
  for (int repeat = 0; repeat < 2; ++repeat) {
    model.vjp(problem.points(), cotangents);
    for (std::size_t i = 0; i < each.theta_bar.size(); ++i) {
      expected[i % expected.size()] += each.theta_bar[i];
    }
  }
  EXPECT_LT(largest_difference(sum, expected), 1e-12 * largest_magnitude(expected));
}

/// eval, three Jacobians, jvp and vjp of one set of points; each has S rows.
inline std::vector<Numbers> every_result(const PluginModel& model, const dk_points& points) {
  const dk_model_info& info = model.info();
  const std::int64_t S = points.count;
  std::vector<Numbers> results = {model.eval(points)};
  for (const std::int32_t wrt : {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS}) {
    results.push_back(model.jacobian(points, wrt));
  }
  const Numbers x_dot = random_numbers(S * 2 * info.n, 41);
  const Numbers u_dot = random_numbers(S * 2 * info.m, 42);
  const Numbers theta_dot = random_numbers(S * 2 * info.p, 43);
  results.push_back(model.jvp(
      points,
      {2, {x_dot.data(), 2 * info.n}, {u_dot.data(), 2 * info.m}, {theta_dot.data(), 2 * info.p}}));
  const Pullback bar(model, points, random_numbers(S * 2 * model.outputs(), 44), 2);
  results.insert(results.end(), {bar.x_bar, bar.u_bar, bar.theta_bar});
  return results;
}

/// The same, one after the other.
inline Numbers all_results(const PluginModel& model, const dk_points& points) {
  Numbers all;
  for (const Numbers& result : every_result(model, points)) {
    all.insert(all.end(), result.begin(), result.end());
  }
  return all;
}

inline void expect_tape_and_prepared_change_no_bit(const PluginModel& model) {
  const Problem problem(model, 5);
  const Numbers plain = all_results(model, problem.points());
  const GuardedBuffer prepared = model.prepared(problem.theta.data());
  const GuardedBuffer tape = model.tape(problem.S);
  for (const bool with_prepared : {false, true}) {
    for (const bool with_tape : {false, true}) {
      dk_points points = problem.points();
      points.prepared = with_prepared ? prepared.data() : nullptr;
      points.tape = with_tape ? tape.data() : nullptr;
      EXPECT_EQ(all_results(model, points), plain);
      EXPECT_TRUE(tape.intact());
    }
  }
}

/// Rows `width` long, set `stride` apart with -99 between them.
inline Numbers spread(const Numbers& dense, std::int64_t width, std::int64_t stride) {
  if (width == 0) return {};
  const auto w = static_cast<std::size_t>(width);
  const auto step = static_cast<std::size_t>(stride);
  Numbers wide(dense.size() / w * step, -99.0);
  for (std::size_t i = 0; i < dense.size(); ++i) wide[i / w * step + i % w] = dense[i];
  return wide;
}

/// Wider strides than rows, in every argument and result of K directions; the gaps stay untouched.
inline void expect_strides_are_kept(const PluginModel& model, std::int64_t K) {
  const Problem problem(model, 5);
  const std::int64_t n = problem.n, m = problem.m, p = problem.p, o = problem.o;
  const Numbers wide_x = spread(problem.x, n, n + 3);
  const Numbers wide_u = spread(problem.u, m, m + 2);
  dk_points points = problem.points();
  points.x = {wide_x.data(), n + 3};
  points.u = {wide_u.data(), m + 2};
  EXPECT_EQ(model.eval(points), model.eval(problem.points()));

  const Numbers out_bar = random_numbers(problem.S * K * o, 51);
  const Pullback dense(model, problem.points(), out_bar, K);
  const Numbers wide_out_bar = spread(out_bar, K * o, K * o + 1);
  Numbers x_bar = spread(Numbers(dense.x_bar.size()), K * n, K * n + 5);
  Numbers u_bar = spread(Numbers(dense.u_bar.size()), K * m, K * m + 4);
  Numbers theta_bar = spread(Numbers(dense.theta_bar.size()), K * p, K * p + 6);
  model.vjp(points, {K,
                     {wide_out_bar.data(), K * o + 1},
                     {x_bar.data(), K * n + 5},
                     {u_bar.data(), K * m + 4},
                     {theta_bar.data(), K * p + 6}});
  EXPECT_EQ(x_bar, spread(dense.x_bar, K * n, K * n + 5));
  EXPECT_EQ(u_bar, spread(dense.u_bar, K * m, K * m + 4));
  EXPECT_EQ(theta_bar, spread(dense.theta_bar, K * p, K * p + 6));

  const dk_tangents tangents{
      K, {x_bar.data(), K * n + 5}, {u_bar.data(), K * m + 4}, {theta_bar.data(), K * p + 6}};
  const dk_tangents dense_tangents{
      K, {dense.x_bar.data(), K * n}, {dense.u_bar.data(), K * m}, {dense.theta_bar.data(), K * p}};
  EXPECT_EQ(model.jvp(points, tangents), model.jvp(problem.points(), dense_tangents));
}

/// Results and Jacobians with strides of their own; the gaps stay untouched.
inline void expect_output_strides_are_kept(const PluginModel& model) {
  const Problem problem(model, 5);
  const auto n = static_cast<std::size_t>(problem.n), o = static_cast<std::size_t>(problem.o);
  dk_points points = problem.points();
  const GuardedBuffer scratch = model.scratch(DK_JACOBIAN, problem.S, 1);
  points.scratch = scratch.data();
  const std::size_t row = n + 2, sample = o * row + 7;
  Numbers J(5 * sample, -99.0);
  Numbers expected = J;
  const Numbers dense = model.jacobian(problem.points(), DK_WRT_STATE);
  for (std::size_t i = 0; i < dense.size(); ++i) {
    expected[i / (o * n) * sample + i / n % o * row + i % n] = dense[i];
  }
  const dk_matrices matrices{J.data(), static_cast<std::int64_t>(sample),
                             static_cast<std::int64_t>(row)};
  call(model.table().jacobian, model.handle(), &points, std::int32_t{DK_WRT_STATE}, &matrices);
  EXPECT_EQ(J, expected);
}

/// Stride 0 is the same as the argument repeated.
inline void expect_shared_arguments_repeat(const PluginModel& model) {
  const Problem problem(model, 5);
  Problem repeated = problem;
  for (std::size_t i = 0; i < repeated.x.size(); ++i) {
    repeated.x[i] = problem.x[i % static_cast<std::size_t>(problem.n)];
  }
  for (std::size_t i = 0; i < repeated.u.size(); ++i) {
    repeated.u[i] = problem.u[i % static_cast<std::size_t>(problem.m)];
  }
  dk_points shared = problem.points();
  shared.x.stride = 0;
  shared.u.stride = 0;
  EXPECT_EQ(all_results(model, shared), all_results(model, repeated.points()));
}

inline void expect_null_input_is_zero_input(const PluginModel& model) {
  Problem problem(model, 5);
  std::fill(problem.u.begin(), problem.u.end(), 0.0);
  dk_points without = problem.points();
  without.u.data = nullptr;
  EXPECT_LT(largest_difference(all_results(model, without), all_results(model, problem.points())),
            1e-15);
}

/// A theta for each sample gives what one call for each sample gives.
inline void expect_theta_per_sample(const PluginModel& model) {
  const Problem problem(model, 3);
  const Numbers thetas = random_numbers(3 * problem.p, 61, 0.5);
  dk_points points = problem.points();
  points.theta = {thetas.data(), problem.p};
  const Numbers out = model.eval(points);
  const Numbers out_bar = random_numbers(3 * problem.o, 62);
  const Pullback bar(model, points, out_bar, 1);
  for (std::int64_t s = 0; s < 3; ++s) {
    dk_points one = problem.points(s, 1);
    one.theta = {thetas.data() + s * problem.p, 0};
    const Numbers alone = model.eval(one);
    const Numbers own_bar(out_bar.begin() + s * problem.o, out_bar.begin() + (s + 1) * problem.o);
    const Pullback alone_bar(model, one, own_bar, 1);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), out.begin() + s * problem.o));
    EXPECT_TRUE(std::equal(alone_bar.theta_bar.begin(), alone_bar.theta_bar.end(),
                           bar.theta_bar.begin() + s * problem.p));
  }
}

/// DK_BATCH_EXACT: parts of a batch give the same bits, also in a sum over the samples, and also
/// from a tape of the whole.
inline void expect_splitting_changes_no_bit(const PluginModel& model) {
  const std::int64_t S = 301;  // several of the model's own parts
  const Problem problem(model, S);
  ASSERT_TRUE(model.info().flags & DK_BATCH_EXACT);
  const Numbers out_bar = random_numbers(S * problem.o, 71);
  const GuardedBuffer tape = model.tape(S);
  const auto run = [&](std::int64_t part, void* taped = nullptr) {
    Numbers all;
    Numbers theta_bar(static_cast<std::size_t>(problem.p));
    for (std::int64_t s = 0; s < S; s += part) {
      dk_points points = problem.points(s, std::min(part, S - s));
      points.tape = taped;
      const Numbers out = model.eval(points);
      all.insert(all.end(), out.begin(), out.end());
      const dk_cotangents cotangents{
          1, {out_bar.data() + s * problem.o, problem.o}, {}, {}, {theta_bar.data(), 0}};
      model.vjp(points, cotangents);
    }
    all.insert(all.end(), theta_bar.begin(), theta_bar.end());
    return all;
  };
  const Numbers whole = run(S);
  EXPECT_EQ(run(1), whole);
  EXPECT_EQ(run(7), whole);
  EXPECT_EQ(run(S, tape.data()), whole);
  EXPECT_TRUE(tape.intact());
}

/// One NaN in the state of one sample: NaN there in every component that depends on it, numbers in
/// the other samples.
inline void expect_nan_stays_in_its_sample(const PluginModel& model) {
  Problem problem(model, 5);
  const Numbers clean = model.eval(problem.points());
  problem.x[static_cast<std::size_t>(2 * problem.n + 1)] = std::nan("");
  const Numbers out = model.eval(problem.points());
  for (std::int64_t i = 0; i < problem.S * problem.o; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (i / problem.o == 2) {
      EXPECT_TRUE(std::isnan(out[at]));
    } else {
      EXPECT_EQ(out[at], clean[at]);
    }
  }
}

/// The same of derivatives: no bit of another sample changes.
inline void expect_nan_changes_no_other_sample(const PluginModel& model) {
  Problem problem(model, 5);
  const std::vector<Numbers> clean = every_result(model, problem.points());
  std::fill_n(problem.x.begin() + 2 * problem.n, problem.n, std::nan(""));
  const std::vector<Numbers> results = every_result(model, problem.points());
  for (std::size_t r = 0; r < results.size(); ++r) {
    const std::size_t row = results[r].size() / 5;
    const auto nan_count =
        std::count_if(results[r].begin(), results[r].end(), [](double v) { return std::isnan(v); });
    EXPECT_LE(nan_count, static_cast<std::ptrdiff_t>(row)) << "result " << r;
    for (std::size_t i = 0; i < results[r].size(); ++i) {
      if (i / row == 2) continue;
      ASSERT_EQ(results[r][i], clean[r][i]) << "result " << r;
    }
  }
}

}  // namespace dynkit::testing
