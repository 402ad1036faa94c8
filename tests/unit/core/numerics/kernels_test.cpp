// Every variant of the inner loops that this machine runs, against plain loops.
#include "core/numerics/kernels/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace dynkit {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// A few roundings of numbers of size 1; variants differ by fused multiply-adds.
constexpr double kRounding = 1e-14;

// Reproducible numbers in (-1, 1) without a pattern in the last digits.
std::vector<double> numbers(std::int64_t count, double seed) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < count; ++i) {
    result.push_back(std::sin(seed + 1.7 * static_cast<double>(i * i + 3)));
  }
  return result;
}

// [outer, stride] in columns (5 components, 24 lanes in rows of 32) or rows (3 lanes, 16 of 24).
std::vector<Shape> shapes() {
  return {{5, 24, 32, true}, {3, 16, 24, false}};
}

struct Arrays {
  explicit Arrays(const Shape& shape, int terms) {
    const std::int64_t size = shape.outer * shape.stride;
    for (int j = 0; j < terms; ++j) k.push_back(numbers(size, j + 0.3));
    for (const auto& stage : k) pointers.push_back(stage.data());
    weight = numbers(terms, 8.1);
    x = numbers(size, 11.0);
    y = numbers(size, 12.0);
    h = numbers(64, 13.0);
  }
  Terms terms() const { return {static_cast<int>(k.size()), weight.data(), pointers.data()}; }
  double sum(std::size_t i) const {
    double sum = 0.0;
    for (std::size_t j = 0; j < k.size(); ++j) sum += weight[j] * k[j][i];
    return sum;
  }
  std::vector<std::vector<double>> k;
  std::vector<const double*> pointers;
  std::vector<double> weight, x, y, h;
};

// body(kernels) for each variant.
template <class Body>
void for_each_variant(Body body) {
  for (const Kernels* const* variant = runnable_kernels(); *variant != nullptr; ++variant) {
    SCOPED_TRACE((*variant)->name);
    body(**variant);
  }
}

// body(position, lane) for all numbers of a shape.
template <class Body>
void for_each_number(const Shape& shape, Body body) {
  for (std::int64_t o = 0; o < shape.outer; ++o) {
    for (std::int64_t i = 0; i < shape.width; ++i) {
      body(static_cast<std::size_t>(o * shape.stride + i),
           static_cast<std::size_t>(shape.columns ? i : o));
    }
  }
}

TEST(Kernels, TheBaselineRunsEverywhere) {
  std::string last;
  for_each_variant([&](const Kernels& kernel) { last = kernel.name; });
  EXPECT_EQ(last, "baseline");
  EXPECT_EQ(kernels().name, runnable_kernels()[0]->name);
}

TEST(Kernels, CombineIsALinearCombination) {
  for_each_variant([](const Kernels& kernel) {
    for (const Shape& shape : shapes()) {
      for (int count = 1; count <= kMaxTerms; ++count) {
        const Arrays a(shape, count);
        std::vector<double> out(a.x.size(), -9.0), sums(out);
        kernel.combine(shape, a.h.data(), a.x.data(), a.terms(), out.data());
        kernel.combine(shape, nullptr, nullptr, a.terms(), sums.data());
        for_each_number(shape, [&](std::size_t i, std::size_t lane) {
          ASSERT_NEAR(out[i], a.x[i] + a.h[lane] * a.sum(i), kRounding) << count;
          ASSERT_NEAR(sums[i], a.sum(i), kRounding) << count;
        });
        ASSERT_EQ(out[static_cast<std::size_t>(shape.width)], -9.0);  // between the rows
      }
    }
  });
}

TEST(Kernels, ErrorSumsAreByLane) {
  for_each_variant([](const Kernels& kernel) {
    for (const Shape& shape : shapes()) {
      const Arrays a(shape, 7);
      std::vector<double> sums(64, -9.0), expected(64, 0.0);
      kernel.error_sums(shape, a.x.data(), a.y.data(), 0.1, 0.2, a.terms(), sums.data());
      for_each_number(shape, [&](std::size_t i, std::size_t lane) {
        const double scale = 0.2 + 0.1 * std::max(std::abs(a.x[i]), std::abs(a.y[i]));
        expected[lane] += a.sum(i) / scale * (a.sum(i) / scale);
      });
      const auto lanes = static_cast<std::size_t>(shape.columns ? shape.width : shape.outer);
      for (std::size_t l = 0; l < lanes; ++l) {
        ASSERT_NEAR(sums[l], expected[l], 1e-13 * expected[l]);
      }
    }
  });
}

TEST(Kernels, OverflowOfTheNewStateMakesTheErrorNoNumber) {
  for_each_variant([](const Kernels& kernel) {
    for (const Shape& shape : shapes()) {
      Arrays a(shape, 2);
      a.y[static_cast<std::size_t>(shape.stride + 1)] = std::numeric_limits<double>::infinity();
      std::vector<double> sums(64, -9.0), flaws(64, -9.0);
      kernel.error_sums(shape, a.x.data(), a.y.data(), 0.1, 0.2, a.terms(), sums.data());
      kernel.finite(shape, a.y.data(), flaws.data());
      const std::size_t lane = 1;  // component 1 of lane 1, or number 1 of row 1
      EXPECT_TRUE(std::isnan(sums[lane]) && std::isnan(flaws[lane]));
      EXPECT_TRUE(std::isfinite(sums[0]) && flaws[0] == 0.0 && flaws[2] == 0.0);
    }
  });
}

TEST(Kernels, SelectTakesTheMarkedLanesOnly) {
  for_each_variant([](const Kernels& kernel) {
    for (const Shape& shape : shapes()) {
      const Arrays a(shape, 1);
      std::vector<double> mask(64, 0.0), to = a.x;
      for (std::size_t l = 0; l < 64; l += 2) mask[l] = 1.0;
      kernel.select(shape, mask.data(), a.y.data(), to.data());
      for_each_number(shape, [&](std::size_t i, std::size_t lane) {
        ASSERT_EQ(to[i], mask[lane] != 0.0 ? a.y[i] : a.x[i]);
      });
    }
  });
}

// State of 8 lanes with errors from 1e-9 to 1e3 times the tolerance, and one that is no number.
struct Eight {
  Eight() {
    double** const members[] = {&state.t,         &state.stop,     &state.watch,  &state.h,
                                &state.t_new,     &state.landing,  &state.h_next, &state.h_min,
                                &state.log_error, &state.rejected, &state.tries,  &state.sum,
                                &state.sum2,      &state.accept,   &state.finite, &state.event};
    for (std::size_t i = 0; i < 16; ++i) *members[i] = memory + 8 * i;
    const double errors[8] = {1e-9, 1e-3, 0.3, 0.99, 1.01, 5.0, 1e3, kNan};
    for (int l = 0; l < 8; ++l) {
      state.h[l] = 0.5;
      state.h_next[l] = 0.5;
      state.t_new[l] = 1.0;
      state.watch[l] = state.stop[l] = 10.0;
      state.h_min[l] = 0.06;
      state.log_error[l] = std::log2(0.2);
      // Three components, so that e = 0.5 sqrt(sum / 3).
      state.sum[l] = 3.0 * errors[l] * errors[l] / 0.25;
    }
    state.max_tries = 3.0;
  }
  double memory[128] = {};
  LaneState state;
};

TEST(Kernels, ControlFollowsItsFormula) {
  Controller controller;
  controller.exponent = 0.17;
  controller.memory = 0.04;
  controller.log2_safety = std::log2(0.9);
  controller.log2_shrink = std::log2(0.2);
  controller.log2_grow = std::log2(10.0);
  for_each_variant([&](const Kernels& kernel) {
    Eight eight;
    kernel.control(8, controller, 3.0, eight.state);
    const double errors[8] = {1e-9, 1e-3, 0.3, 0.99, 1.01, 5.0, 1e3, kNan};
    for (int l = 0; l < 7; ++l) {
      const bool good = errors[l] <= 1.0;
      double factor = 0.9 * std::pow(errors[l], -0.17) * (good ? std::pow(0.2, 0.04) : 1.0);
      factor = std::min(std::max(factor, 0.2), 10.0);
      // The kernel's own logarithm and power are good to 1e-8.
      EXPECT_NEAR(eight.state.h_next[l], 0.5 * factor, 1e-7 * factor);
      EXPECT_EQ(eight.state.accept[l], good ? 1.0 : 0.0);
      EXPECT_EQ(eight.state.finite[l], 1.0);
      EXPECT_EQ(eight.state.event[l], 0.0);
    }
    EXPECT_EQ(eight.state.accept[7], 0.0);
    EXPECT_EQ(eight.state.finite[7], 0.0);
    EXPECT_EQ(eight.state.h_next[7], 0.05);
    EXPECT_GT(eight.state.event[7], 0.0);  // 0.05 is below the smallest step
  });
}

TEST(Kernels, ControlUsesTheSecondEstimate) {
  Controller controller;
  controller.exponent = 0.125;
  controller.log2_grow = 100.0;
  controller.log2_shrink = -100.0;
  controller.second = 0.01;
  for_each_variant([&](const Kernels& kernel) {
    Eight eight;
    const double e1 = 0.4, e2 = 7.0;
    eight.state.sum[0] = 3.0 * e1 * e1 / 0.25;
    eight.state.sum2[0] = 3.0 * e2 * e2 / 0.25;
    kernel.control(8, controller, 3.0, eight.state);
    const double error = e1 * e1 / std::sqrt(e1 * e1 + 0.01 * e2 * e2);
    EXPECT_NEAR(eight.state.h_next[0], 0.5 * std::pow(error, -0.125), 1e-7);
  });
}

TEST(Kernels, StepsLandAndLeaveNoTinyRest) {
  for_each_variant([](const Kernels& kernel) {
    Eight eight;
    const double steps[4] = {9.89, 9.91, 10.0, 20.0};  // 10 are left: 1 % more is one step
    for (int l = 0; l < 4; ++l) eight.state.h_next[l] = steps[l];
    kernel.begin_step(8, eight.state);
    EXPECT_EQ(eight.state.landing[0], 0.0);
    EXPECT_EQ(eight.state.h[0], 9.89);
    for (int l = 1; l < 4; ++l) {
      EXPECT_EQ(eight.state.landing[l], 1.0);
      EXPECT_EQ(eight.state.h[l], 10.0);
      EXPECT_EQ(eight.state.t_new[l], 10.0);
    }
  });
}

TEST(Kernels, TangentProductIsTheMatrixProduct) {
  for_each_variant([](const Kernels& kernel) {
    for (const std::int64_t n : {1, 2, 3, 5, 8, 11, 21}) {
      for (const std::int64_t K : {1, 4, 6, 9}) {
        const std::vector<double> J = numbers(n * n, 0.2), V = numbers(K * n, 0.7);
        std::vector<double> scratch(static_cast<std::size_t>(n * round_up(n))),
            out(static_cast<std::size_t>(K * n + 1), -9.0);
        kernel.tangent_product(n, K, J.data(), V.data(), scratch.data(), out.data());
        for (std::int64_t k = 0; k < K; ++k) {
          for (std::int64_t i = 0; i < n; ++i) {
            double sum = 0.0;
            for (std::int64_t j = 0; j < n; ++j) {
              sum +=
                  J[static_cast<std::size_t>(i * n + j)] * V[static_cast<std::size_t>(k * n + j)];
            }
            ASSERT_NEAR(out[static_cast<std::size_t>(k * n + i)], sum, kRounding) << n << " " << K;
          }
        }
        ASSERT_EQ(out.back(), -9.0);
      }
    }
  });
}

TEST(Kernels, RowSquaresSumEachRow) {
  for_each_variant([](const Kernels& kernel) {
    for (const std::int64_t n : {1, 7, 8, 19}) {
      const std::vector<double> a = numbers(4 * n, 0.9);
      std::vector<double> sums(4);
      kernel.row_squares(4, n, a.data(), sums.data());
      for (std::int64_t r = 0; r < 4; ++r) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
          sum += a[static_cast<std::size_t>(r * n + i)] * a[static_cast<std::size_t>(r * n + i)];
        }
        ASSERT_NEAR(sums[static_cast<std::size_t>(r)], sum, kRounding);
      }
    }
  });
}

}  // namespace
}  // namespace dynkit
