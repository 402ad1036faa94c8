#include "dynkit/differentiable_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "support/differences.hpp"
#include "support/model_under_test.hpp"
#include "toy_models.hpp"

namespace dynkit {
namespace {

using testing::Batch;
using testing::ModelUnderTest;
using testing::Numbers;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int32_t kAll[] = {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS};

std::size_t index(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

Numbers counting(std::int64_t count, double scale) {
  Numbers numbers(index(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = scale * std::sin(1.0 + static_cast<double>(i));
  }
  return numbers;
}

// Rows [S,k] as columns [k,S] with a stride of S + 3, NaN between them.
Numbers to_columns(const Numbers& rows, std::int64_t S) {
  const auto k = static_cast<std::int64_t>(rows.size()) / S;
  Numbers columns(index(k * (S + 3)), kNaN);
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t i = 0; i < k; ++i) columns[index(i * (S + 3) + s)] = rows[index(s * k + i)];
  }
  return columns;
}

class Toys : public ::testing::TestWithParam<const dk_component*> {
 protected:
  ModelUnderTest toy{*GetParam()};
  Batch batch = toy.random_batch(7, 3);
};

std::string name_of(const ::testing::TestParamInfo<const dk_component*>& one) {
  const char* names[] = {"Fixed", "Packed", "Sized"};
  return names[one.index];
}

INSTANTIATE_TEST_SUITE_P(Differentiable, Toys,
                         ::testing::Values(&testing::kFixedToy, &testing::kPackedToy,
                                           &testing::kSizedToy),
                         name_of);

TEST_P(Toys, EvaluateTheFormula) {
  const Numbers out = toy.eval(batch);
  Numbers expected(out.size());
  for (std::int64_t s = 0; s < batch.S; ++s) {
    testing::toy_formula(batch.t[index(s)], &batch.x[index(3 * s)], &batch.u[index(2 * s)],
                         &batch.theta[index(5 * s)], &expected[index(3 * s)]);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_NEAR(out[i], expected[i], 1e-15 * 8) << i;  // the same operations, perhaps fused
  }
}

TEST_P(Toys, HaveTheJacobiansOfDifferences) {
  for (const std::int32_t wrt : kAll) {
    const std::int64_t k = toy.size(wrt);
    const Numbers J = toy.jacobian(batch, wrt);
    for (std::int64_t j = 0; j < k; ++j) {
      for (std::int64_t e = 0; e < batch.S * 3; ++e) {
        const double slope = testing::slope_at_zero(
            [&](double h) {
              Batch moved = batch;
              Numbers& part = wrt == DK_WRT_STATE   ? moved.x
                              : wrt == DK_WRT_INPUT ? moved.u
                                                    : moved.theta;
              for (std::int64_t s = 0; s < batch.S; ++s) part[index(s * k + j)] += h;
              return toy.eval(moved)[index(e)];
            },
            0.02);
        EXPECT_NEAR(J[index(e * k + j)], slope, 1e-9) << "wrt " << wrt << ", column " << j;
      }
    }
  }
}

// [S,K,n] from the Jacobians: the oracle of jvp.
Numbers product(const ModelUnderTest& toy, const Batch& batch, std::int64_t K, const Numbers& x_dot,
                const Numbers& u_dot, const Numbers& theta_dot) {
  Numbers out(index(batch.S * K * 3));
  for (const std::int32_t wrt : kAll) {
    const Numbers& v = wrt == DK_WRT_STATE ? x_dot : wrt == DK_WRT_INPUT ? u_dot : theta_dot;
    const std::int64_t k = toy.size(wrt);
    const Numbers J = toy.jacobian(batch, wrt);
    for (std::int64_t s = 0; !v.empty() && s < batch.S; ++s) {
      for (std::int64_t d = 0; d < K; ++d) {
        for (std::int64_t i = 0; i < 3; ++i) {
          for (std::int64_t j = 0; j < k; ++j) {
            out[index((s * K + d) * 3 + i)] +=
                J[index((s * 3 + i) * k + j)] * v[index((s * K + d) * k + j)];
          }
        }
      }
    }
  }
  return out;
}

void expect_close(const Numbers& a, const Numbers& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

TEST_P(Toys, CarryTangentsAsTheJacobiansDo) {
  for (const std::int64_t K : {1, 4, 6}) {
    const Numbers x_dot = counting(7 * K * 3, 1), u_dot = counting(7 * K * 2, 2),
                  theta_dot = counting(7 * K * 5, 0.5);
    Numbers out(index(7 * K * 3), kNaN);
    toy.jvp(toy.points(batch),
            {K, {x_dot.data(), K * 3}, {u_dot.data(), K * 2}, {theta_dot.data(), K * 5}},
            {out.data(), K * 3});
    expect_close(out, product(toy, batch, K, x_dot, u_dot, theta_dot), 1e-13);
  }
}

TEST_P(Toys, TakeMissingTangentsAsZero) {
  constexpr std::int64_t K = 6;
  const Numbers u_dot = counting(7 * K * 2, 2);
  Numbers out(index(7 * K * 3), kNaN);
  toy.jvp(toy.points(batch), {K, {}, {u_dot.data(), K * 2}, {}}, {out.data(), K * 3});
  expect_close(out, product(toy, batch, K, {}, u_dot, {}), 1e-13);
}

TEST_P(Toys, PullCotangentsBackAsTheJacobiansDo) {
  constexpr std::int64_t K = 4;
  const Numbers out_bar = counting(7 * K * 3, 1);
  Numbers x_bar(7 * K * 3, kNaN), u_bar(7 * K * 2, kNaN), theta_bar(7 * K * 5, 0.25);
  toy.vjp(toy.points(batch), {K,
                              {out_bar.data(), K * 3},
                              {x_bar.data(), K * 3},
                              {u_bar.data(), K * 2},
                              {theta_bar.data(), K * 5}});
  for (const std::int32_t wrt : kAll) {
    const Numbers& bar = wrt == DK_WRT_STATE ? x_bar : wrt == DK_WRT_INPUT ? u_bar : theta_bar;
    const std::int64_t k = toy.size(wrt);
    const Numbers J = toy.jacobian(batch, wrt);
    Numbers expected(bar.size(), wrt == DK_WRT_PARAMETERS ? 0.25 : 0);  // theta_bar accumulates
    for (std::int64_t row = 0; row < 7 * K; ++row) {
      for (std::int64_t e = 0; e < 3 * k; ++e) {
        expected[index(row * k + e % k)] +=
            J[index(row / K * 3 * k + e)] * out_bar[index(row * 3 + e / k)];
      }
    }
    expect_close(bar, expected, 1e-13);
  }
}

TEST_P(Toys, SumTheParametersOfASharedTheta) {
  const Numbers out_bar = counting(7 * 3, 1);
  dk_points points = toy.points(batch);
  points.theta.stride = 0;
  Numbers each(7 * 5), sum(5, 1.5);
  toy.vjp(points, {1, {out_bar.data(), 3}, {}, {}, {each.data(), 5}});
  toy.vjp(points, {1, {out_bar.data(), 3}, {}, {}, {sum.data(), 0}});
  for (std::int64_t j = 0; j < 5; ++j) {
    double expected = 1.5;
    for (std::int64_t s = 0; s < 7; ++s) expected += each[index(5 * s + j)];
    EXPECT_EQ(sum[index(j)], expected);  // in the order of the samples
  }
}

TEST_P(Toys, WriteOnlyWantedCotangents) {
  const Numbers out_bar = counting(7 * 3, 1);
  Numbers all_u(7 * 2), only_u(7 * 2), x_bar(7 * 3), theta_bar(7 * 5);
  toy.vjp(toy.points(batch),
          {1, {out_bar.data(), 3}, {x_bar.data(), 3}, {all_u.data(), 2}, {theta_bar.data(), 5}});
  toy.vjp(toy.points(batch), {1, {out_bar.data(), 3}, {}, {only_u.data(), 2}, {}});
  expect_close(only_u, all_u, 1e-15);
}

TEST_P(Toys, TakeMissingInputsAndTimesAsZero) {
  dk_points points = toy.points(batch);
  points.u.data = points.t.data = nullptr;
  Numbers out(7 * 3);
  toy.eval(points, {out.data(), 3});
  std::fill(batch.u.begin(), batch.u.end(), 0);
  std::fill(batch.t.begin(), batch.t.end(), 0);
  EXPECT_EQ(out, toy.eval(batch));
}

TEST_P(Toys, ShareArgumentsWithStrideZero) {
  dk_points points = toy.points(batch);
  points.t.stride = points.x.stride = points.theta.stride = 0;
  Numbers out(7 * 3);
  toy.eval(points, {out.data(), 3});
  for (std::int64_t s = 1; s < 7; ++s) {
    batch.t[index(s)] = batch.t[0];
    std::copy_n(batch.x.begin(), 3, batch.x.begin() + 3 * s);
    std::copy_n(batch.theta.begin(), 5, batch.theta.begin() + 5 * s);
  }
  EXPECT_EQ(out, toy.eval(batch));
}

TEST_P(Toys, LeaveGapsBetweenRowsUntouched) {
  Numbers out(7 * 5, kNaN), J(7 * 20, kNaN);
  toy.eval(toy.points(batch), {out.data(), 5});
  toy.jacobian(toy.points(batch), DK_WRT_INPUT, {J.data(), 20, 4});
  const Numbers dense = toy.eval(batch), dense_J = toy.jacobian(batch, DK_WRT_INPUT);
  for (std::int64_t s = 0; s < 7; ++s) {
    for (std::int64_t i = 0; i < 5; ++i) {
      const double value = out[index(s * 5 + i)];
      EXPECT_TRUE(i < 3 ? value == dense[index(s * 3 + i)] : std::isnan(value));
    }
    for (std::int64_t e = 0; e < 20; ++e) {
      const double value = J[index(s * 20 + e)];
      const bool inside = e < 12 && e % 4 < 2;
      EXPECT_TRUE(inside ? value == dense_J[index(s * 6 + e / 4 * 2 + e % 4)] : std::isnan(value));
    }
  }
}

// The same points with every argument in columns; Numbers must outlive them.
struct Columns {
  Columns(const ModelUnderTest& toy, const Batch& batch)
      : x(to_columns(batch.x, batch.S)),
        u(to_columns(batch.u, batch.S)),
        theta(to_columns(batch.theta, batch.S)),
        points(toy.points(batch)) {
    points.layout = DK_COLUMNS;
    points.x = {x.data(), batch.S + 3};
    points.u = {u.data(), batch.S + 3};
    points.theta = {theta.data(), batch.S + 3};
  }
  Numbers x, u, theta;
  dk_points points;
};

// Equal, NaN to NaN.
void expect_same(const Numbers& a, const Numbers& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) << i;
  }
}

TEST_P(Toys, EvaluateColumnsToTheSameBits) {
  const Columns columns(toy, batch);
  Numbers out(3 * 10, kNaN);
  toy.eval(columns.points, {out.data(), 10});
  expect_same(out, to_columns(toy.eval(batch), 7));
}

TEST_P(Toys, ShareArgumentsOfColumnsWithStrideZero) {
  Columns columns(toy, batch);
  columns.points.theta = {batch.theta.data(), 0};
  columns.points.u = {batch.u.data(), 0};
  columns.points.t.stride = 0;
  Numbers out(3 * 10, kNaN), rows(7 * 3);
  toy.eval(columns.points, {out.data(), 10});
  dk_points points = toy.points(batch);
  points.t.stride = points.u.stride = points.theta.stride = 0;
  toy.eval(points, {rows.data(), 3});
  expect_same(out, to_columns(rows, 7));
}

TEST_P(Toys, DifferentiateColumnsToTheSameBits) {
  const Columns columns(toy, batch);
  for (const std::int32_t wrt : kAll) {
    const std::int64_t k = toy.size(wrt);
    Numbers J(index(3 * k * 10), kNaN);
    toy.jacobian(columns.points, wrt, {J.data(), 10, k});
    expect_same(J, to_columns(toy.jacobian(batch, wrt), 7));
  }
}

TEST_P(Toys, CarryTangentsInColumnsToTheSameBits) {
  constexpr std::int64_t K = 6;
  const Columns columns(toy, batch);
  const Numbers x_dot = counting(7 * K * 3, 1), theta_dot = counting(7 * K * 5, 0.5);
  const Numbers x_columns = to_columns(x_dot, 7), theta_columns = to_columns(theta_dot, 7);
  Numbers rows(7 * K * 3), out(K * 3 * 10, kNaN);
  toy.jvp(toy.points(batch), {K, {x_dot.data(), K * 3}, {}, {theta_dot.data(), K * 5}},
          {rows.data(), K * 3});
  toy.jvp(columns.points, {K, {x_columns.data(), 10}, {}, {theta_columns.data(), 10}},
          {out.data(), 10});
  expect_same(out, to_columns(rows, 7));
}

TEST_P(Toys, PullCotangentsBackInColumnsToTheSameBits) {
  constexpr std::int64_t K = 2;
  const Columns columns(toy, batch);
  const Numbers bar = counting(7 * K * 3, 1), bar_columns = to_columns(bar, 7);
  Numbers x_rows(7 * K * 3), theta_rows(7 * K * 5), shared_rows(K * 5);
  toy.vjp(toy.points(batch),
          {K, {bar.data(), K * 3}, {x_rows.data(), K * 3}, {}, {theta_rows.data(), K * 5}});
  toy.vjp(toy.points(batch), {K, {bar.data(), K * 3}, {}, {}, {shared_rows.data(), 0}});

  Numbers x_bar(K * 3 * 10, kNaN), theta_bar = to_columns(Numbers(7 * K * 5), 7), shared(K * 5);
  toy.vjp(columns.points,
          {K, {bar_columns.data(), 10}, {x_bar.data(), 10}, {}, {theta_bar.data(), 10}});
  toy.vjp(columns.points, {K, {bar_columns.data(), 10}, {}, {}, {shared.data(), 0}});
  expect_same(x_bar, to_columns(x_rows, 7));
  expect_same(theta_bar, to_columns(theta_rows, 7));
  EXPECT_EQ(shared, shared_rows);
}

TEST_P(Toys, GiveTheSameBitsForPartsOfABatch) {
  ASSERT_TRUE(toy.info().flags & DK_BATCH_EXACT);
  const Numbers bar = counting(7 * 3, 1);
  Numbers whole(7 * 3), parts(7 * 3), whole_bar(5), parts_bar(5);
  Numbers whole_J(7 * 3 * 3), parts_J(7 * 3 * 3);
  dk_points points = toy.points(batch);
  points.theta.stride = 0;
  toy.eval(points, {whole.data(), 3});
  toy.vjp(points, {1, {bar.data(), 3}, {}, {}, {whole_bar.data(), 0}});
  toy.jacobian(points, DK_WRT_STATE, {whole_J.data(), 9, 3});
  for (const auto& [begin, count] : {std::pair{0, 3}, {3, 1}, {4, 3}}) {
    dk_points part = points;
    part.count = count;
    part.t.data += begin;
    part.x.data += begin * 3;
    part.u.data += begin * 2;
    toy.eval(part, {parts.data() + begin * 3, 3});
    toy.vjp(part, {1, {bar.data() + begin * 3, 3}, {}, {}, {parts_bar.data(), 0}});
    toy.jacobian(part, DK_WRT_STATE, {parts_J.data() + begin * 9, 9, 3});
  }
  EXPECT_EQ(parts, whole);
  EXPECT_EQ(parts_bar, whole_bar);
  EXPECT_EQ(parts_J, whole_J);
}

TEST_P(Toys, KeepNaNInItsSample) {
  const Numbers clean = toy.eval(batch), clean_J = toy.jacobian(batch, DK_WRT_STATE);
  batch.x[3 * 4 + 1] = kNaN;
  const Numbers out = toy.eval(batch), J = toy.jacobian(batch, DK_WRT_STATE);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i / 3 == 4) continue;
    EXPECT_EQ(out[i], clean[i]);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(J[3 * i + j], clean_J[3 * i + j]);
  }
  EXPECT_TRUE(std::isnan(out[12]) && std::isnan(out[13]) && std::isnan(out[14]));
  EXPECT_TRUE(std::isnan(J[9 * 4 + 1]));  // d tanh(x1) / dx1
}

TEST_P(Toys, RunOnSeveralThreadsAtOnce) {
  const Numbers bar = counting(7 * 3, 1);
  const auto gradient = [&] {
    Numbers theta_bar(7 * 5);
    toy.vjp(toy.points(batch), {1, {bar.data(), 3}, {}, {}, {theta_bar.data(), 5}});
    return theta_bar;
  };
  const Numbers expected = gradient();
  std::vector<Numbers> results(3);
  std::vector<std::thread> threads;
  for (Numbers& result : results) {
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 50; ++repeat) result = gradient();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Numbers& result : results) EXPECT_EQ(result, expected);
}

TEST_P(Toys, RefuseAnUnknownJacobian) {
  Numbers J(7 * 9);
  EXPECT_THROW(toy.jacobian(toy.points(batch), 4, {J.data(), 9, 3}), Error);
}

TEST_P(Toys, DoNothingForNoSamples) {
  batch.S = 0;
  Numbers sum(5, 1.5);
  const Numbers nothing(3);
  toy.vjp(toy.points(batch), {1, {nothing.data(), 3}, {}, {}, {sum.data(), 0}});
  EXPECT_EQ(sum, Numbers(5, 1.5));
}

}  // namespace
}  // namespace dynkit
