// Datasets made of trials, for authors in C++: the settings that all of them have, a random stream
// for each trial, and the arrays that tell the trials' times and parts.
//
//   for_each_trial(job, trials_.S, [&](dk_stream& stream, std::int64_t s) {
//     Random random(*job.host, stream);
//     for (std::int64_t k = 0; k < bins_; ++k) inputs[s * bins_ + k] = random.normal();
//   });
//
//   S trials   T times
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"

namespace dynkit {

constexpr dk_setting trials_setting(const char* initial) {
  return integer_setting("trials", initial, 1, 1e9, "number of trials");
}
constexpr dk_setting validation_setting(const char* initial) {
  return number_setting("validation", initial, 0, 1, "share of the trials for validation");
}
constexpr dk_setting test_setting() {
  return number_setting("test", "0", 0, 1, "share of the trials for testing");
}

/// Throws Error (DK_SETTINGS) if the shares are more than all trials.
inline void check_shares(double validation, double test) {
  if (validation + test > 1.0) {
    throw Error(DK_SETTINGS, "settings 'validation' and 'test' are together more than 1");
  }
}

/// The values of these three settings.
struct TrialSettings {
  /// Throws Error (DK_SETTINGS) if the shares are more than all trials.
  explicit TrialSettings(const Settings& settings)
      : S(settings.integer("trials")),
        validation(settings.number("validation")),
        test(settings.number("test")) {
    check_shares(validation, test);
  }

  std::int64_t S;
  double validation, test;  // shares
};

/// S T `width` numbers of an array. Throws Error (DK_TOO_LARGE) for more than 2^31; `settings`
/// names those that it comes from.
inline std::size_t array_size(std::int64_t S, std::int64_t T, std::int64_t width,
                              const char* settings = "'trials' and 'bins'") {
  // 16 GiB for one array; beyond that a typing error is likelier than a wish.
  constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;
  std::int64_t size = 0;
  if (__builtin_mul_overflow(S, T, &size) || __builtin_mul_overflow(size, width, &size) ||
      size > kMostNumbers) {
    throw Error(DK_TOO_LARGE, std::string("settings ") + settings + ": an array " +
                                  shape_text({S, T, width}) +
                                  " is larger than the limit of 2^31 numbers");
  }
  return static_cast<std::size_t>(size);
}

/// Calls body(stream, s) for every trial, on the host's threads, with a stream of its own that
/// depends on the job's and on s only. Throws Error (DK_CANCELLED) when asked to stop.
template <class Body>
void for_each_trial(const dk_job& job, std::int64_t S, Body body) {
  const dk_host& host = *job.host;
  parallel_for(host, S, 16, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
    for (std::int64_t s = begin; s < end; ++s) {
      if (host.cancelled(&host) != 0) throw Error(DK_CANCELLED, "cancelled");
      dk_stream stream;
      host.split(&host, job.stream, s, &stream);
      body(stream, s);
    }
  });
}

/// Random numbers of one stream, one at a time.
class Random {
 public:
  Random(const dk_host& host, dk_stream& stream) : host_(host), stream_(stream) {}

  double uniform(double lower = 0.0, double upper = 1.0) {
    double value = 0.0;
    host_.uniform(&host_, &stream_, 1, &value);
    return lower + value * (upper - lower);
  }
  double normal() {
    double value = 0.0;
    host_.normal(&host_, &stream_, 1, &value);
    return value;
  }
  /// In [0, bound).
  std::int64_t integer(std::int64_t bound) {
    std::int64_t value = 0;
    host_.integer(&host_, &stream_, bound, 1, &value);
    return value;
  }

 private:
  const dk_host& host_;
  dk_stream& stream_;
};

/// Adds normal noise of this standard deviation to `count` numbers; draws nothing for 0.
inline void add_noise(const dk_host& host, dk_stream& stream, double deviation, double* values,
                      std::int64_t count) {
  if (deviation == 0.0) return;
  std::vector<double> noise(static_cast<std::size_t>(count));
  host.normal(&host, &stream, count, noise.data());
  for (std::int64_t i = 0; i < count; ++i)
    values[i] += deviation * noise[static_cast<std::size_t>(i)];
}

/// Puts `time` [T], k dt.
inline void put_time(const Sink& sink, std::int64_t T, double dt, const char* unit,
                     const char* help = "beginnings of the bins") {
  std::vector<double> time(static_cast<std::size_t>(T));
  for (std::size_t k = 0; k < time.size(); ++k) time[k] = static_cast<double>(k) * dt;
  sink.array("time", {T}, time, {{"time"}, unit, help});
}

/// The part of each trial [S]: the first ones, a share `train`, are 0 for training, the last ones,
/// a share `test`, are 2 for testing, and those between are 1 for validation. train + test <= 1.
inline std::vector<std::int64_t> split_in_order(std::int64_t S, double train, double test) {
  const auto first = [S](double share) {
    const double count = static_cast<double>(S) * share;
    return std::min(static_cast<std::int64_t>(std::llround(count)), S);
  };
  std::vector<std::int64_t> split(static_cast<std::size_t>(S));
  std::fill(split.begin() + first(train), split.begin() + first(1.0 - test), 1);
  std::fill(split.begin() + first(1.0 - test), split.end(), 2);
  return split;
}

inline void put_split(const Sink& sink, const std::vector<std::int64_t>& split) {
  sink.array("split", {static_cast<std::int64_t>(split.size())}, split,
             {{"trial"}, nullptr, "0 train, 1 validation, 2 test"});
}

}  // namespace dynkit
