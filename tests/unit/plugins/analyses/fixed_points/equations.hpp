// Rest equations with known roots, and a shorthand for the search.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "plugins/analyses/fixed_points/search.hpp"
#include "support/fake_host.hpp"

namespace dynkit::fixed_points::testing {

using Values = std::vector<double>;

/// r and J as functions; J may be empty where only r is wanted.
class Equation final : public RestEquation {
 public:
  using Function =
      std::function<void(std::span<const double> x, std::span<double> r, std::span<double> J)>;

  Equation(std::int64_t n, Function function) : n_(n), function_(std::move(function)) {}

  std::int64_t size() const override { return n_; }
  void residual(std::span<const double> x, std::span<double> r) const override {
    function_(x, r, {});
  }
  void linearized(std::span<const double> x, std::span<double> r,
                  std::span<double> J) const override {
    function_(x, r, J);
  }

 private:
  std::int64_t n_;
  Function function_;
};

/// r = f(x) in one dimension.
inline Equation scalar_equation(const std::function<double(double)>& f,
                                const std::function<double(double)>& df) {
  return {1, [f, df](std::span<const double> x, std::span<double> r, std::span<double> J) {
            r[0] = f(x[0]);
            if (!J.empty()) J[0] = df(x[0]);
          }};
}

/// N uncoupled units, r_i = tanh(2 x_i) - x_i: 3^N roots, with every x_i of 0, +-kUnitRoot.
inline constexpr double kUnitRoot = 0.957504024077;
inline Equation uncoupled_units(std::int64_t n) {
  return {n, [](std::span<const double> x, std::span<double> r, std::span<double> J) {
            std::ranges::fill(J, 0.0);
            for (std::size_t i = 0; i < x.size(); ++i) {
              const double F = std::tanh(2 * x[i]);
              r[i] = F - x[i];
              if (!J.empty()) J[i * x.size() + i] = 2 * (1 - F * F) - 1;
            }
          }};
}

inline Box cube(std::int64_t n, double bound) {
  const auto size = static_cast<std::size_t>(n);
  return {Values(size, -bound), Values(size, bound)};
}

/// S states of standard normal components.
inline Values normal_states(std::int64_t S, std::int64_t n, std::uint32_t seed = 7) {
  const dynkit::testing::FakeHost host;
  dk_stream stream = dynkit::testing::FakeHost::stream(seed);
  Values states(static_cast<std::size_t>(S * n));
  host.table().normal(&host.table(), &stream, S * n, states.data());
  return states;
}

inline SearchResult search(const RestEquation& equation, const Values& given,
                           std::optional<Box> box = std::nullopt, const SearchOptions& options = {},
                           std::uint32_t seed = 1, std::int32_t workers = 1) {
  const dynkit::testing::FakeHost host(workers);
  const SearchProblem problem{equation, given, std::move(box), {}, {}};
  return find_roots(problem, options, host.table(), dynkit::testing::FakeHost::stream(seed));
}

/// Distance from x to the nearest root, in the max-norm.
inline double nearest(const std::vector<Root>& roots, std::span<const double> x) {
  double smallest = INFINITY;
  for (const Root& root : roots) {
    double distance = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      distance = std::max(distance, std::abs(root.x[i] - x[i]));
    }
    smallest = std::min(smallest, distance);
  }
  return smallest;
}

}  // namespace dynkit::fixed_points::testing
