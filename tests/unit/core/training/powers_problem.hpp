// Flows with a closed form, some of which end in finite time.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "operations.hpp"
#include "problem.hpp"
#include "rollout.hpp"

namespace dynkit::training {

/// x_i' = theta x_i^power for i = 0, 1, counting what it is asked. Rows are dense.
class Powers : public Operations<double> {
 public:
  explicit Powers(double power) : power_(power) {}

  Sizes sizes() const override { return {2, 1, 1, 2}; }
  void prepare(const double* theta) override { theta_ = theta; }
  std::int64_t tape_size(std::int64_t) const override { return 0; }

  void eval(const dk_points& points, double* out) const override {
    ++evaluations;
    for (std::int64_t i = 0; i < 2 * points.count; ++i) {
      out[i] = *theta_ * std::pow(points.x.data[i], power_);
    }
  }
  void vjp(const dk_points& points, const dk_cotangents& bars) const override {
    for (std::int64_t i = 0; i < 2 * points.count; ++i) {
      const double x = points.x.data[i], g = bars.out.data[i];
      bars.x.data[i] = *theta_ * power_ * std::pow(x, power_ - 1.0) * g;
      if (bars.theta.data != nullptr) *bars.theta.data += std::pow(x, power_) * g;
    }
  }

  mutable std::int64_t evaluations = 0;

 private:
  double power_;
  const double* theta_ = nullptr;
};

/// S = 3 trajectories of n = 2 states at T = 5 times.
struct PowersProblem {
  explicit PowersProblem(double power) : operations(power) {
    operations.prepare(&theta);
    data.T = 5;
    data.times = times.data();
    data.x0 = x0.data();
  }

  double theta = 0.7;
  Numbers times = {0.5, 0.6, 1.1, 1.2, 2.5}, x0 = {0.1, 0.2, 0.3, 0.4, 0.9, 0.6};
  Powers operations;
  RolloutData<double> data;
};

/// L = sum_k sum_i (1 + k) x_ki.
struct WeightedSum : Observer<double> {
  double observe(std::int64_t k, const double* x, double* x_bar) override {
    double sum = 0.0;
    times.push_back(k);
    for (int i = 0; i < 6; ++i) {
      sum += (1.0 + static_cast<double>(k)) * x[i];
      if (x_bar != nullptr) x_bar[i] += 1.0 + static_cast<double>(k);
    }
    return sum;
  }
  std::vector<std::int64_t> times;
};

}  // namespace dynkit::training
