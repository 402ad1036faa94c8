#include "pulses.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/error.hpp"
#include "dynkit/vector_math.hpp"

namespace dynkit::flip_flop {
namespace {

// 16 GiB for one array; beyond that a typing error is likelier than a wish.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;

}  // namespace

// Knuth's product of uniforms, for means up to kLargestPart at a time: a sum of Poisson numbers is
// Poisson. Our own exp, so that every machine draws the same.
std::int64_t draw_poisson(const dk_host& host, dk_stream& stream, double mean) {
  constexpr double kLargestPart = 16.0;
  std::int64_t count = 0;
  for (double rest = mean; rest > 0.0; rest -= kLargestPart) {
    const double border = vector_math::exp(-std::min(rest, kLargestPart));
    double product = 1.0;
    for (;;) {
      double uniform = 0.0;
      host.uniform(&host, &stream, 1, &uniform);
      product *= uniform;
      if (product <= border) break;
      ++count;
    }
  }
  return count;
}

std::int64_t draw_integer(const dk_host& host, dk_stream& stream, std::int64_t bound) {
  std::int64_t number = 0;
  host.integer(&host, &stream, bound, 1, &number);
  return number;
}

double draw_uniform(const dk_host& host, dk_stream& stream, double lower, double upper) {
  double uniform = 0.0;
  host.uniform(&host, &stream, 1, &uniform);
  return lower + uniform * (upper - lower);
}

void check_sizes(const Sizes& sizes, const char* channels) {
  std::int64_t size = 0;
  if (__builtin_mul_overflow(sizes.S, sizes.T, &size) ||
      __builtin_mul_overflow(size, sizes.m, &size) || size > kMostNumbers) {
    throw Error(DK_TOO_LARGE, std::string("settings 'trials', 'bins' and '") + channels +
                                  "': their product is above the limit of 2^31");
  }
}

void check_width(std::int64_t width, std::int64_t bins) {
  if (width < bins) return;
  throw Error(DK_SETTINGS, "setting 'width': a pulse of " + std::to_string(width + 1) +
                               " bins does not fit into " + std::to_string(bins));
}

void check_shares(double validation, double test) {
  if (validation + test > 1.0) {
    throw Error(DK_SETTINGS, "settings 'validation' and 'test' are together more than 1");
  }
}

Trials::Trials(const dk_job& job, const Sizes& sizes, const std::function<void(Trial)>& make)
    : inputs(static_cast<std::size_t>(sizes.S * sizes.T * sizes.m)), targets(inputs.size()) {
  const dk_host& host = *job.host;
  const std::int64_t numbers = sizes.T * sizes.m;
  parallel_for(host, sizes.S, 16, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
    for (std::int64_t s = begin; s < end; ++s) {
      if (host.cancelled(&host) != 0) throw Error(DK_CANCELLED, "cancelled");
      Trial trial{{}, inputs.data() + s * numbers, targets.data() + s * numbers};
      host.split(&host, job.stream, s, &trial.stream);
      make(trial);
    }
  });
}

void hold(const double* inputs, const double* initial, std::int64_t T, std::int64_t m,
          double* targets) {
  for (std::int64_t channel = 0; channel < m; ++channel) {
    double held = initial[channel];
    for (std::int64_t k = 0; k < T; ++k) {
      const double input = inputs[k * m + channel];
      if (input != 0.0) held = input;
      targets[k * m + channel] = held;
    }
  }
}

void put_trials(const dk_job& job, const Sizes& sizes, const Trials& trials, double validation,
                double test) {
  std::vector<double> time(static_cast<std::size_t>(sizes.T));
  for (std::size_t k = 0; k < time.size(); ++k) time[k] = static_cast<double>(k);
  const auto count = static_cast<double>(sizes.S);
  const auto validation_begin =
      std::min(static_cast<std::int64_t>(std::llround(count * (1.0 - validation - test))), sizes.S);
  const auto test_begin =
      std::min(static_cast<std::int64_t>(std::llround(count * (1.0 - test))), sizes.S);
  std::vector<std::int64_t> split(static_cast<std::size_t>(sizes.S));
  std::fill(split.begin() + validation_begin, split.begin() + test_begin, 1);
  std::fill(split.begin() + test_begin, split.end(), 2);

  const Sink sink(*job.sink);
  sink.array("time", {sizes.T}, time, {{"time"}, "bin", "number of the bin"});
  sink.array("inputs", {sizes.S, sizes.T, sizes.m}, trials.inputs,
             {{"trial", "time", "input"}, nullptr, "pulses"});
  sink.array("targets", {sizes.S, sizes.T, sizes.m}, trials.targets,
             {{"trial", "time", "output"},
              nullptr,
              "last pulse of each channel, aligned with the "
              "state that this bin's input has produced"});
  sink.array("split", {sizes.S}, split, {{"trial"}, nullptr, "0 train, 1 validation, 2 test"});
}

}  // namespace dynkit::flip_flop
