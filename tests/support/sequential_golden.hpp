// Rows through nn.Sequential(Linear, phi, Linear, ...) and back, as PyTorch made them
// (tests/golden/networks/sequential.npz).
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/recurrent_golden.hpp"

namespace dynkit::testing {

struct SequentialCase {
  std::string name, activation;
  std::vector<std::int64_t> hidden;
};

/// PERCEPTRONS of make.py, from 5 numbers to 3.
inline std::vector<SequentialCase> sequential_cases() {
  return {{"tanh", "tanh", {7}},       {"relu", "relu", {7, 6}},
          {"sigmoid", "sigmoid", {9}}, {"softplus", "softplus", {6, 4, 7}},
          {"gelu", "gelu", {8, 6}},    {"affine", "tanh", {}}};
}

/// y and the gradients to 1e-13 of their magnitude: both sides are in double precision and differ
/// by the order of sums of up to 9 terms and a few ULP of the activations. z = (x, u).
inline void expect_rows_match_pytorch(const PluginModel& model, const ArrayMap& golden,
                                      const std::string& name) {
  const std::string prefix = name + ".";
  const Numbers& z = golden.at(prefix + "z").numbers();
  const Numbers& y_bar = golden.at(prefix + "y_bar").numbers();
  const Numbers theta = collect_blocks(model, golden, prefix, "");
  const std::int64_t n = model.info().n, o = model.outputs(), w = n + model.info().m;
  dk_points points{};
  points.count = golden.at(prefix + "z").shape[0];
  points.x = {z.data(), w};
  points.u = {z.data() + n, w};
  points.theta = {theta.data(), 0};
  Numbers z_bar(z.size()), theta_bar(theta.size());
  model.vjp(
      points,
      {1, {y_bar.data(), o}, {z_bar.data(), w}, {z_bar.data() + n, w}, {theta_bar.data(), 0}});
  const auto expect_close = [&](const Numbers& ours, const Numbers& theirs) {
    EXPECT_GT(largest_magnitude(theirs), 0.1) << name;
    EXPECT_LT(largest_difference(ours, theirs), 1e-13 * largest_magnitude(theirs)) << name;
  };
  expect_close(model.eval(points), golden.at(prefix + "y").numbers());
  expect_close(z_bar, golden.at(prefix + "z_bar").numbers());
  expect_close(theta_bar, collect_blocks(model, golden, prefix, "_bar"));
}

}  // namespace dynkit::testing
