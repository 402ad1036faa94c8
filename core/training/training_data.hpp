// What a model is fitted to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dynkit::training {

/// A quantity at all times of all trials, [trials, T, width].
struct Series {
  std::int64_t width = 0;
  std::vector<double> values;
};

/// Trials at common times. NaN in a series that is a target: not known, and not compared.
struct TrainingData {
  std::int64_t trials = 0, T = 0;
  std::vector<double> times;             // [T] increasing
  std::map<std::string, Series> series;  // "states", "targets", ... by name
  std::string inputs;                    // the series that drives the model, empty: none
  std::vector<double> mask;              // [trials, T], 0: not compared; empty: all are

  const double* row(const Series& one, std::int64_t trial, std::int64_t k) const {
    return one.values.data() + (trial * T + k) * one.width;
  }
  double mask_at(std::int64_t trial, std::int64_t k) const {
    return mask.empty() ? 1.0 : mask[static_cast<std::size_t>(trial * T + k)];
  }
};

}  // namespace dynkit::training
