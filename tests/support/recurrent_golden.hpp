// Sequences through a recurrent model and back, against what PyTorch made of them
// (tests/golden/networks).
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "dynkit/core/arrays_io.hpp"
#include "support/model_checks.hpp"

namespace dynkit::testing {

/// The array of a block under its name or, where there is none, under one of its other names.
inline const Numbers& find_block(const dk_block& block, const ArrayMap& arrays,
                                 const std::string& prefix, const std::string& suffix) {
  const auto own = arrays.find(prefix + block.name + suffix);
  if (own != arrays.end()) return own->second.numbers();
  for (const char* const* alias = block.aliases; alias != nullptr && *alias != nullptr; ++alias) {
    const auto other = arrays.find(prefix + *alias + suffix);
    if (other != arrays.end()) return other->second.numbers();
  }
  throw Error(DK_INVALID_ARGUMENT, std::string("no array for block '") + block.name + "'");
}

/// theta, or its gradient with `suffix` "_bar", from PyTorch's parameters.
inline Numbers collect_blocks(const PluginModel& model, const ArrayMap& arrays,
                              const std::string& prefix, const std::string& suffix) {
  Numbers theta(static_cast<std::size_t>(model.info().p));
  for (std::int64_t b = 0; b < model.info().block_count; ++b) {
    const dk_block& block = model.info().blocks[b];
    const Numbers& values = find_block(block, arrays, prefix, suffix);
    std::copy(values.begin(), values.end(), theta.begin() + block.offset);
  }
  return theta;
}

/// hidden, x0_bar, inputs_bar and the parameters' gradients to 1e-12 of their magnitude: both sides
/// are in double precision and differ by the order of sums of 64 terms over 7 steps.
inline void expect_sequences_match_pytorch(const PluginModel& model,
                                           const std::filesystem::path& file) {
  const ArrayMap golden = load_arrays(file);
  const Array& reference = golden.at("hidden");
  const std::int64_t S = reference.shape[0], T = reference.shape[1];
  const std::int64_t n = model.info().n, m = model.info().m;
  ASSERT_EQ(reference.shape[2], n);
  const Numbers theta = collect_blocks(model, golden, "", "");
  const GuardedBuffer prepared = model.prepared(theta.data());
  const Numbers& x0 = golden.at("x0").numbers();
  const Numbers& inputs = golden.at("inputs").numbers();
  const Numbers& hidden = reference.numbers();
  const auto points_at = [&](std::int64_t t) {
    dk_points points{};
    points.count = S;
    points.x = t == 0 ? dk_input{x0.data(), n} : dk_input{hidden.data() + (t - 1) * n, T * n};
    points.u = {inputs.data() + t * m, T * m};
    points.theta = {theta.data(), 0};
    points.prepared = prepared.data();
    return points;
  };

  Numbers x_bar(static_cast<std::size_t>(S * n), 0.0);
  Numbers inputs_bar(inputs.size());
  Numbers theta_bar(theta.size(), 0.0);
  for (std::int64_t t = T - 1; t >= 0; --t) {
    const Numbers next = model.eval(points_at(t));
    Numbers out_bar = x_bar;
    for (std::int64_t i = 0; i < S * n; ++i) {
      const auto at = static_cast<std::size_t>((i / n * T + t) * n + i % n);
      EXPECT_NEAR(next[static_cast<std::size_t>(i)], hidden[at],
                  1e-12 * (1.0 + std::abs(hidden[at])));
      out_bar[static_cast<std::size_t>(i)] += golden.at("hidden_bar").numbers()[at];
    }
    model.vjp(points_at(t), {1,
                             {out_bar.data(), n},
                             {x_bar.data(), n},
                             {inputs_bar.data() + t * m, T * m},
                             {theta_bar.data(), 0}});
  }
  const auto expect_close = [](const Numbers& ours, const Numbers& theirs) {
    EXPECT_GT(largest_magnitude(theirs), 0.1);
    EXPECT_LT(largest_difference(ours, theirs), 1e-12 * largest_magnitude(theirs));
  };
  expect_close(x_bar, golden.at("x0_bar").numbers());
  expect_close(inputs_bar, golden.at("inputs_bar").numbers());
  expect_close(theta_bar, collect_blocks(model, golden, "", "_bar"));
}

}  // namespace dynkit::testing
