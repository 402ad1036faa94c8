// A loss of trajectories of any model, with gradients to compare.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "dynkit/core/random.hpp"
#include "model_operations.hpp"
#include "rollout.hpp"
#include "support/plugin_system.hpp"

namespace dynkit::training {

using Numbers = std::vector<double>;

inline Numbers normal_numbers(std::int64_t count, const std::string& name) {
  Numbers numbers(static_cast<std::size_t>(count));
  dk_stream stream = make_stream(3, name);
  draw_normal(stream, numbers);
  return numbers;
}

/// A model of the build and how it is rolled out.
struct Family {
  std::string name;
  std::string component;
  std::vector<std::pair<std::string, std::string>> settings;
  double scale = 1.0;  // of its own parameters
};

inline void PrintTo(const Family& family, std::ostream* out) {
  *out << family.name;
}

inline Config::Table table_of(const Family& family) {
  Config::Table table;
  for (const auto& [key, value] : family.settings) table.emplace_back(key, parse_value(value));
  return table;
}

/// L = 1/2 sum_k sum_i w_ki (x_ki - d_ki)^2, weights and targets all different.
template <class Number>
class SquaredLoss : public Observer<Number> {
 public:
  SquaredLoss(std::int64_t T, std::int64_t numbers)
      : numbers_(numbers),
        weights_(normal_numbers(T * numbers, "loss weights")),
        targets_(normal_numbers(T * numbers, "loss targets")) {}

  double observe(std::int64_t k, const Number* x, Number* x_bar) override {
    times.push_back(k);
    double sum = 0.0;
    for (std::int64_t i = 0; i < numbers_; ++i) {
      const auto at = static_cast<std::size_t>(k * numbers_ + i);
      const double weight = 0.01 + weights_[at] * weights_[at];
      const double error = double{x[i]} - targets_[at];
      sum += 0.5 * weight * error * error;
      if (x_bar != nullptr) x_bar[i] += static_cast<Number>(weight * error);
    }
    return sum;
  }

  std::vector<std::int64_t> times;  // that were asked for, in order

 private:
  std::int64_t numbers_;
  Numbers weights_, targets_;
};

/// S trajectories at T unevenly spaced times with inputs. S, T, n, m are pairwise different.
template <class Number>
class Problem {
 public:
  static constexpr std::int64_t kSamples = 6;

  Problem(const testing::PluginSystem& system, std::int64_t T,
          std::unique_ptr<Operations<Number>> own = nullptr)
      : plugin(system),
        operations(own ? std::move(own) : make_operations(plugin.system())),
        n(plugin.info().n),
        m(plugin.info().m),
        theta(plugin.theta().begin(), plugin.theta().end()),
        loss(T, kSamples * n) {
    double t = 0.3;
    for (std::int64_t k = 0; k < T; ++k, t += 0.05 + 0.02 * static_cast<double>(k % 3)) {
      times.push_back(t);
    }
    const Numbers states = normal_numbers(kSamples * n, "x0");
    const Numbers given = normal_numbers(T * kSamples * m, "inputs");
    x0.assign(states.begin(), states.end());
    inputs.assign(given.begin(), given.end());
    for (Number& x : x0) x *= Number(0.5);
    data.T = T;
    data.times = times.data();
    data.x0 = x0.data();
    data.inputs = m > 0 ? inputs.data() : nullptr;
  }

  Rollout<Number> rollout(const RolloutOptions& options = {}) const {
    return Rollout<Number>(*operations, plugin.info().time_kind, kSamples, options);
  }

  /// L with the parameters moved by `step` along a direction.
  double moved_loss(Rollout<Number>& rollout, const Numbers& direction, double step) {
    std::vector<Number> moved = theta;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved[i] += static_cast<Number>(step * direction[i]);
    }
    operations->prepare(moved.data());
    const double value = rollout.loss(data, loss);
    operations->prepare(theta.data());
    return value;
  }

  struct Gradient {
    double loss = 0.0;
    std::vector<Number> theta, x0, teacher;
  };
  Gradient gradient(Rollout<Number>& rollout) {
    operations->prepare(theta.data());
    Gradient result{0.0, std::vector<Number>(theta.size()), std::vector<Number>(x0.size()),
                    std::vector<Number>(static_cast<std::size_t>(data.T) * x0.size())};
    result.loss = rollout.gradient(data, loss,
                                   {result.theta.data(), result.x0.data(), result.teacher.data()});
    return result;
  }

  static std::unique_ptr<Operations<Number>> make_operations(const System& system) {
    if constexpr (std::is_same_v<Number, double>) {
      return double_operations(system);
    } else {
      return float_operations(system);
    }
  }

  const testing::PluginSystem& plugin;
  std::unique_ptr<Operations<Number>> operations;
  std::int64_t n, m;
  Numbers times;
  std::vector<Number> theta, x0, inputs;
  SquaredLoss<Number> loss;
  RolloutData<Number> data;
};

template <class Number>
double inner(const std::vector<Number>& a, const Numbers& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

}  // namespace dynkit::training
