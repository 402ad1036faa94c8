// The kernel of one step of a few tangents, in every variant that this machine runs, against plain
// loops.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/numerics/kernels/kernels.hpp"

namespace dynkit {
namespace {

using Numbers = std::vector<double>;

Numbers numbers(std::int64_t count, double seed) {
  Numbers result;
  for (std::int64_t i = 0; i < count; ++i) {
    result.push_back(std::sin(seed + 1.7 * static_cast<double>(i * i + 3)));
  }
  return result;
}

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

// Two stages, k_1 from k_0 and the step from both; errors k_0 / 2 - k_2 and none.
struct Step {
  explicit Step(std::int64_t size, std::int64_t directions)
      : n(size), K(directions), J(numbers(3 * n * n, 0.2)), V(at(n * kPack)), V_new(V.size()) {
    const Numbers given = numbers(n * K, 0.7);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t k = 0; k < K; ++k) V[at(i * kPack + k)] = given[at(i * K + k)];
    }
    for (int i = 0; i < 3; ++i) {
      k_memory[at(i)].resize(V.size());
      k_written[at(i)] = k_memory[at(i)].data();
      k_read[at(i)] = k_memory[at(i)].data();
    }
    k_of_error = {k_read[0], k_read[2]};
    rows = {Terms{}, Terms{1, first.data(), k_read.data()}, Terms{2, last.data(), k_read.data()}};
    errors = {Terms{2, error.data(), k_of_error.data()}, Terms{}};
    step = {n, 2, J.data(), rows.data(), errors.data(), k_written.data(), V.data(), V_new.data()};
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // J_stage v for direction k of v [n,kPack].
  Numbers product(std::int64_t stage, const Numbers& v) const {
    Numbers out(at(n));
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        out[at(i)] += J[at((stage * n + i) * n + j)] * v[at(j)];
      }
    }
    return out;
  }

  std::int64_t n, K;
  Numbers J, V, V_new;
  const std::array<double, 1> first = {0.5};
  const std::array<double, 2> last = {0.25, 0.75}, error = {0.5, -1.0};
  std::array<Numbers, 3> k_memory;
  std::array<double*, 3> k_written{};
  std::array<const double*, 3> k_read{};
  std::array<const double*, 2> k_of_error{};
  std::array<Terms, 3> rows;
  std::array<Terms, 2> errors;
  TangentStep step;
};

constexpr double kStep = 0.3;

// The end of direction k; adds its relative square error to the sum.
Numbers by_hand(const Step& step, std::int64_t k, double& sum) {
  const auto n = at(step.n);
  Numbers v(n), middle(n), end(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = step.V[i * kPack + at(k)];
  const Numbers k0 = step.product(0, v);
  for (std::size_t i = 0; i < n; ++i) middle[i] = v[i] + kStep * 0.5 * k0[i];
  const Numbers k1 = step.product(1, middle);
  for (std::size_t i = 0; i < n; ++i) end[i] = v[i] + kStep * (0.25 * k0[i] + 0.75 * k1[i]);
  const Numbers k2 = step.product(2, end);
  double error = 0.0, length = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    error += (0.5 * k0[i] - k2[i]) * (0.5 * k0[i] - k2[i]);
    length += v[i] * v[i];
  }
  sum += error / length;
  return end;
}

template <class Body>
void for_each_variant(Body body) {
  for (const Kernels* const* variant = runnable_kernels(); *variant != nullptr; ++variant) {
    SCOPED_TRACE((*variant)->name);
    body(**variant);
  }
}

TEST(TangentStep, FollowsItsStages) {
  for_each_variant([](const Kernels& kernel) {
    for (const std::int64_t n : {1, 2, 3, 4, 5, 8}) {
      for (const std::int64_t K : {1, 3, 6, 8}) {
        Step step(n, K);
        std::array<double, 2> sums = {-1.0, -1.0};
        kernel.tangent_step(step.step, kStep, sums.data());
        double expected = 0.0;
        for (std::int64_t k = 0; k < K; ++k) {
          const Numbers end = by_hand(step, k, expected);
          for (std::int64_t i = 0; i < n; ++i) {
            // A few roundings of sums of at most 8 numbers of size 1.
            ASSERT_NEAR(step.V_new[at(i * kPack + k)], end[at(i)], 1e-14) << n << " " << K;
          }
        }
        ASSERT_NEAR(sums[0], expected, 1e-13 * expected);
        ASSERT_EQ(sums[1], 0.0);
      }
    }
  });
}

TEST(TangentStep, OfATangentThatOverflowsHasNoFiniteError) {
  for_each_variant([](const Kernels& kernel) {
    Step step(3, 2);
    step.J[0] = std::numeric_limits<double>::infinity();
    std::array<double, 2> sums{};
    kernel.tangent_step(step.step, kStep, sums.data());
    EXPECT_FALSE(std::isfinite(sums[0]));
    EXPECT_FALSE(std::isfinite(sums[1]));
  });
}

}  // namespace
}  // namespace dynkit
