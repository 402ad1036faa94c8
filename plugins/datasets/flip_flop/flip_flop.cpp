#include "flip_flop.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/vector_math.hpp"

namespace dynkit::flip_flop {
namespace {

// 16 GiB for one array; beyond that a typing error is likelier than a wish.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;

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

}  // namespace

FlipFlop::FlipFlop(const dk_host&, const Settings& settings)
    : bits_(settings.integer("bits")),
      trials_(settings.integer("trials")),
      bins_(settings.integer("bins")),
      width_(settings.integer("width")),
      pulses_(settings.number("pulses")),
      amplitude_(settings.number("amplitude")),
      initial_(settings.number("initial")),
      validation_(settings.number("validation")) {
  if (width_ >= bins_) {
    throw Error(DK_SETTINGS, "setting 'width': a pulse of " + std::to_string(width_ + 1) +
                                 " bins does not fit into " + std::to_string(bins_));
  }
  std::int64_t size = 0;
  if (__builtin_mul_overflow(trials_, bins_, &size) || __builtin_mul_overflow(size, bits_, &size) ||
      size > kMostNumbers) {
    throw Error(DK_TOO_LARGE,
                "settings 'trials', 'bins' and 'bits': their product is above the limit of 2^31");
  }
}

// inputs, targets [T,m]
void FlipFlop::make_trial(const dk_host& host, dk_stream stream, double* inputs,
                          double* targets) const {
  std::fill(inputs, inputs + bins_ * bits_, 0.0);
  const std::int64_t count = draw_poisson(host, stream, pulses_);
  for (std::int64_t pulse = 0; pulse < count; ++pulse) {
    const std::int64_t channel = draw_integer(host, stream, bits_);
    const double sign = draw_integer(host, stream, 2) == 0 ? -1.0 : 1.0;
    const std::int64_t start = draw_integer(host, stream, bins_);
    if (start > bins_ - 1 - width_) continue;  // would not fit: no pulse
    for (std::int64_t k = start; k <= start + width_; ++k) {
      inputs[k * bits_ + channel] = sign * amplitude_;
    }
  }
  for (std::int64_t channel = 0; channel < bits_; ++channel) {
    double held = initial_;
    for (std::int64_t k = 0; k < bins_; ++k) {
      const double input = inputs[k * bits_ + channel];
      if (input != 0.0) held = input;
      targets[k * bits_ + channel] = held;
    }
  }
}

void FlipFlop::generate(const dk_job& job) const {
  const std::int64_t numbers = bins_ * bits_;
  std::vector<double> inputs(static_cast<std::size_t>(trials_ * numbers));
  std::vector<double> targets(inputs.size());
  parallel_for(*job.host, trials_, 16, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
    for (std::int64_t s = begin; s < end; ++s) {
      dk_stream stream;
      job.host->split(job.host, job.stream, s, &stream);
      make_trial(*job.host, stream, inputs.data() + s * numbers, targets.data() + s * numbers);
    }
  });
  std::vector<double> time(static_cast<std::size_t>(bins_));
  for (std::size_t k = 0; k < time.size(); ++k) time[k] = static_cast<double>(k);
  std::vector<std::int64_t> split(static_cast<std::size_t>(trials_));
  const double count = static_cast<double>(trials_);
  const auto training = static_cast<std::int64_t>(std::llround(count * (1.0 - validation_)));
  std::fill(split.begin() + std::min(training, trials_), split.end(), 1);

  const Sink sink(*job.sink);
  sink.array("time", {bins_}, time, {{"time"}, "bin", "number of the bin"});
  sink.array("inputs", {trials_, bins_, bits_}, inputs,
             {{"trial", "time", "input"}, nullptr, "pulses"});
  sink.array("targets", {trials_, bins_, bits_}, targets,
             {{"trial", "time", "output"},
              nullptr,
              "last pulse of each channel, aligned with the "
              "state that this bin's input has produced"});
  sink.array("split", {trials_}, split, {{"trial"}, nullptr, "0 train, 1 validation"});
}

}  // namespace dynkit::flip_flop
