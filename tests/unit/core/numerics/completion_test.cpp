// What a model lacks, the host makes: every derivative from each one that a model may offer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

using Numbers = std::vector<double>;

constexpr std::int64_t n = 3, m = 2, p = 4, S = 5, K = 6;

// f_0 = a x_0 x_1 + u_0,   f_1 = b sin x_2 + u_1^2,   f_2 = c x_0^2 + d u_0 x_2.
void evaluate(const double* x, const double* u, const double* theta, double* f) {
  f[0] = theta[0] * x[0] * x[1] + u[0];
  f[1] = theta[1] * std::sin(x[2]) + u[1] * u[1];
  f[2] = theta[2] * x[0] * x[0] + theta[3] * u[0] * x[2];
}

std::int64_t columns_of(std::int32_t wrt) {
  return wrt == DK_WRT_STATE ? n : wrt == DK_WRT_INPUT ? m : p;
}

// [n,k], row by row.
Numbers slopes(const double* x, const double* u, const double* theta, std::int32_t wrt) {
  if (wrt == DK_WRT_STATE) {
    return {theta[0] * x[1],
            theta[0] * x[0],
            0,
            0,
            0,
            theta[1] * std::cos(x[2]),
            2 * theta[2] * x[0],
            0,
            theta[3] * u[0]};
  }
  if (wrt == DK_WRT_INPUT) return {1, 0, 0, 2 * u[1], theta[3] * x[2], 0};
  return {x[0] * x[1], 0, 0, 0, 0, std::sin(x[2]), 0, 0, 0, 0, x[0] * x[0], u[0] * x[2]};
}

enum class Offers { nothing, jacobian, jvp, vjp };

// Its arguments are shared or by sample, as strides say; tangents and cotangents are by sample.
template <Offers kOffers>
class Polynomial {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  Polynomial(const dk_host&, const Settings&) {
    block_.name = "theta";
    block_.rank = 1;
    block_.shape[0] = p;
    info_.time_kind = DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = n;
    info_.m = m;
    info_.p = p;
    info_.block_count = 1;
    info_.blocks = &block_;
  }
  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      evaluate(at(points.x, s), at(points.u, s), at(points.theta, s), out.data + s * out.stride);
    }
  }

  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const
      requires(kOffers == Offers::jacobian) {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const Numbers rows = slopes_at(points, s, wrt);
      for (std::int64_t i = 0; i < n; ++i) {
        std::copy_n(rows.data() + i * columns_of(wrt), columns_of(wrt),
                    J.data + s * J.sample_stride + i * J.row_stride);
      }
    }
  }

  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const
      requires(kOffers == Offers::jvp) {
    for (std::int64_t s = 0; s < points.count; ++s) {
      for (std::int64_t k = 0; k < tangents.count; ++k) {
        double* row = out.data + s * out.stride + k * n;
        std::fill_n(row, n, 0.0);
        const auto add = [&](const dk_input& v, std::int32_t wrt) {
          if (v.data == nullptr) return;
          const Numbers rows = slopes_at(points, s, wrt);
          const std::int64_t width = columns_of(wrt);
          for (std::int64_t i = 0; i < n * width; ++i) {
            row[i / width] += rows[static_cast<std::size_t>(i)] * at(v, s)[k * width + i % width];
          }
        };
        add(tangents.x, DK_WRT_STATE);
        add(tangents.u, DK_WRT_INPUT);
        add(tangents.theta, DK_WRT_PARAMETERS);
      }
    }
  }

  void vjp(const dk_points& points, const dk_cotangents& cotangents) const
      requires(kOffers == Offers::vjp) {
    for (std::int64_t s = 0; s < points.count; ++s) {
      for (std::int64_t k = 0; k < cotangents.count; ++k) {
        const auto add = [&](const dk_output& bar, std::int32_t wrt, bool accumulate) {
          if (bar.data == nullptr) return;
          const Numbers rows = slopes_at(points, s, wrt);
          const std::int64_t width = columns_of(wrt);
          double* result = bar.data + s * bar.stride + k * width;
          if (!accumulate) std::fill_n(result, width, 0.0);
          for (std::int64_t i = 0; i < n * width; ++i) {
            result[i % width] +=
                rows[static_cast<std::size_t>(i)] * at(cotangents.out, s)[k * n + i / width];
          }
        };
        add(cotangents.x, DK_WRT_STATE, false);
        add(cotangents.u, DK_WRT_INPUT, false);
        add(cotangents.theta, DK_WRT_PARAMETERS, true);
      }
    }
  }

 private:
  static const double* at(const dk_input& argument, std::int64_t s) {
    return argument.data + s * argument.stride;
  }
  static Numbers slopes_at(const dk_points& points, std::int64_t s, std::int32_t wrt) {
    return slopes(at(points.x, s), at(points.u, s), at(points.theta, s), wrt);
  }

  dk_block block_{};
  dk_model_info info_{};
};

Numbers some(std::int64_t count, double phase) {
  Numbers numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    numbers.push_back(0.2 + std::sin(1.7 * static_cast<double>(i) + phase));
  }
  return numbers;
}

template <class Kind>
class Completion : public ::testing::Test {
 protected:
  static constexpr dk_component kComponent =
      model_component<Polynomial<Kind::value>>({"org.test.polynomial", "1.0.0", "a polynomial"});

  Completion() {
    points_.count = S;
    points_.x = {x_.data(), n};
    points_.u = {u_.data(), m};
  }

  Numbers expected_slopes(std::int64_t s, std::int32_t wrt) const {
    return slopes(x_.data() + s * n, u_.data() + s * m, theta_.data(), wrt);
  }
  const dk_system& table() const { return system_.table(); }

  // Differences of values of order 1 over steps of 1e-5.
  static constexpr double kTolerance = Kind::value == Offers::nothing ? 1e-8 : 1e-14;

  testing::NoFiles none_;
  Services services_;
  HostTable host_{services_, "."};
  Numbers theta_{0.7, -1.1, 0.4, 1.3};
  System system_{std::make_shared<Model>(LoadedComponent{&kComponent, {}, {}, {}}, Config::Table{},
                                         none_, host_.table()),
                 theta_, host_.table()};
  Numbers x_ = some(S * n, 0.3), u_ = some(S * m, 1.9);
  dk_points points_{};
};

using Kinds = ::testing::Types<std::integral_constant<Offers, Offers::nothing>,
                               std::integral_constant<Offers, Offers::jacobian>,
                               std::integral_constant<Offers, Offers::jvp>,
                               std::integral_constant<Offers, Offers::vjp>>;
TYPED_TEST_SUITE(Completion, Kinds);

TYPED_TEST(Completion, SaysWhichDerivativeItUses) {
  const Offers offers = TypeParam::value;
  EXPECT_EQ(this->system_.derivative(), offers == Offers::jacobian ? "exact (own Jacobian)"
                                        : offers == Offers::jvp    ? "exact (from jvp)"
                                        : offers == Offers::vjp    ? "exact (from vjp)"
                                                                   : "central differences");
  EXPECT_EQ(this->table().jacobian_kind, offers == Offers::nothing ? DK_DIFFERENCES : DK_EXACT);
}

TYPED_TEST(Completion, MakesJacobians) {
  for (const std::int32_t wrt : {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS}) {
    const std::int64_t width = columns_of(wrt), row = width + 1, sample = n * row + 2;
    Numbers J(static_cast<std::size_t>(S * sample), -7.0);
    const dk_matrices matrices{J.data(), sample, row};
    call(this->table().jacobian, &this->table(), &this->points_, wrt, &matrices);
    for (std::int64_t s = 0; s < S; ++s) {
      const Numbers expected = this->expected_slopes(s, wrt);
      for (std::int64_t i = 0; i < n * width; ++i) {
        EXPECT_NEAR(J[static_cast<std::size_t>(s * sample + i / width * row + i % width)],
                    expected[static_cast<std::size_t>(i)], this->kTolerance);
      }
      for (std::int64_t i = 0; i < n; ++i) {  // between the rows
        EXPECT_EQ(J[static_cast<std::size_t>(s * sample + i * row + width)], -7.0);
      }
    }
  }
}

TYPED_TEST(Completion, MakesTangentsOfEveryArgument) {
  const Numbers x_dot = some(S * K * n, 0.5), u_dot = some(S * K * m, 1.1),
                theta_dot = some(S * K * p, 2.3);
  const dk_tangents tangents{
      K, {x_dot.data(), K * n}, {u_dot.data(), K * m}, {theta_dot.data(), K * p}};
  Numbers out(static_cast<std::size_t>(S * K * n));
  const dk_output output{out.data(), K * n};
  call(this->table().jvp, &this->table(), &this->points_, &tangents, &output);
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t k = 0; k < K; ++k) {
      Numbers expected(n);
      const auto add = [&](const Numbers& dot, std::int32_t wrt) {
        const std::int64_t width = columns_of(wrt);
        const Numbers rows = this->expected_slopes(s, wrt);
        for (std::int64_t i = 0; i < n * width; ++i) {
          expected[static_cast<std::size_t>(i / width)] +=
              rows[static_cast<std::size_t>(i)] *
              dot[static_cast<std::size_t>((s * K + k) * width + i % width)];
        }
      };
      add(x_dot, DK_WRT_STATE);
      add(u_dot, DK_WRT_INPUT);
      add(theta_dot, DK_WRT_PARAMETERS);
      for (std::int64_t i = 0; i < n; ++i) {
        EXPECT_NEAR(out[static_cast<std::size_t>((s * K + k) * n + i)],
                    expected[static_cast<std::size_t>(i)], 10 * this->kTolerance);
      }
    }
  }
}

TYPED_TEST(Completion, MakesCotangentsAndAccumulatesThoseOfParameters) {
  const Numbers out_bar = some(S * K * n, 0.8);
  Numbers x_bar(S * K * n, -7.0), u_bar(S * K * m, -7.0), theta_bar(S * K * p, 0.25);
  const dk_cotangents cotangents{K,
                                 {out_bar.data(), K * n},
                                 {x_bar.data(), K * n},
                                 {u_bar.data(), K * m},
                                 {theta_bar.data(), K * p}};
  call(this->table().vjp, &this->table(), &this->points_, &cotangents);
  const auto expect = [&](const Numbers& bar, std::int32_t wrt, double before) {
    const std::int64_t width = columns_of(wrt);
    for (std::int64_t r = 0; r < S * K; ++r) {
      const Numbers rows = this->expected_slopes(r / K, wrt);
      for (std::int64_t j = 0; j < width; ++j) {
        double expected = before;
        for (std::int64_t i = 0; i < n; ++i) {
          expected += rows[static_cast<std::size_t>(i * width + j)] *
                      out_bar[static_cast<std::size_t>(r * n + i)];
        }
        EXPECT_NEAR(bar[static_cast<std::size_t>(r * width + j)], expected, 10 * this->kTolerance);
      }
    }
  };
  expect(x_bar, DK_WRT_STATE, 0.0);
  expect(u_bar, DK_WRT_INPUT, 0.0);
  expect(theta_bar, DK_WRT_PARAMETERS, 0.25);
}

TYPED_TEST(Completion, SumsCotangentsOfSharedParametersOverTheSamples) {
  const Numbers out_bar = some(S * n, 0.8);
  Numbers theta_bar(p, 0.25);
  const dk_cotangents cotangents{
      1, {out_bar.data(), n}, {nullptr, 0}, {nullptr, 0}, {theta_bar.data(), 0}};
  call(this->table().vjp, &this->table(), &this->points_, &cotangents);
  for (std::int64_t j = 0; j < p; ++j) {
    double expected = 0.25;
    for (std::int64_t s = 0; s < S; ++s) {
      const Numbers rows = this->expected_slopes(s, DK_WRT_PARAMETERS);
      for (std::int64_t i = 0; i < n; ++i) {
        expected += rows[static_cast<std::size_t>(i * p + j)] *
                    out_bar[static_cast<std::size_t>(s * n + i)];
      }
    }
    EXPECT_NEAR(theta_bar[static_cast<std::size_t>(j)], expected, 10 * this->kTolerance);
  }
}

}  // namespace
}  // namespace dynkit
