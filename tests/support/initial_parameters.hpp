// What a component does before its first call: refuse settings, draw parameters.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "dynkit/initial.h"
#include "support/plugin_model.hpp"

namespace dynkit::testing {

/// The sentence with which `create` refuses the settings.
inline std::string refusal_of(const std::string& library,
                              const std::map<std::string, std::string>& settings) {
  try {
    const PluginModel model(library, settings);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    return error.what();
  }
  return "no refusal";
}

/// theta [p] from dynkit.initial/1 and the fake host's stream of this seed.
inline Numbers initial_parameters(const PluginModel& model, std::uint32_t seed) {
  Numbers theta(static_cast<std::size_t>(model.info().p), std::nan(""));
  dk_stream stream = FakeHost::stream(seed);
  call(model.extension<dk_initial_v1>(DK_INITIAL_V1)->parameters, model.handle(), &model.host(),
       &stream, theta.data());
  return theta;
}

inline std::int64_t elements(const dk_block& block) {
  std::int64_t count = 1;
  for (std::int32_t axis = 0; axis < block.rank; ++axis) count *= block.shape[axis];
  return count;
}

/// The elements of a block are uniform in [-bound, bound], as far as N numbers tell: their mean has
/// the variance bound^2 / 3N, their mean square 4 bound^4 / 45N; both within 5 standard errors. All
/// stay away from the outer 20/N of the interval with probability e^-20.
inline void expect_uniform(const Numbers& theta, const dk_block& block, double bound) {
  const std::int64_t count = elements(block);
  const double N = static_cast<double>(count);
  double mean = 0.0, square = 0.0, largest = 0.0;
  for (std::int64_t i = block.offset; i < block.offset + count; ++i) {
    const double value = theta[static_cast<std::size_t>(i)];
    mean += value / N;
    square += value * value / N;
    largest = std::max(largest, std::abs(value));
  }
  EXPECT_LE(largest, bound) << block.name;
  EXPECT_GE(largest, bound * (1.0 - 20.0 / N)) << block.name;
  EXPECT_NEAR(mean, 0.0, 5.0 * bound / std::sqrt(3.0 * N)) << block.name;
  EXPECT_NEAR(square, bound * bound / 3.0, 5.0 * bound * bound * std::sqrt(4.0 / 45.0 / N))
      << block.name;
}

}  // namespace dynkit::testing
