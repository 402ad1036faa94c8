// What the tasks share: trials with a random stream each, their sizes, their parts.
//
//   S trials   T bins
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"

namespace dynkit::tasks {

/// What every task is told of its trials.
struct TrialSettings {
  /// Throws Error (DK_SETTINGS) if the shares are more than all trials.
  explicit TrialSettings(const Settings& settings);

  std::int64_t S;
  double validation, test;  // shares
};

constexpr dk_setting trials_setting(const char* initial) {
  return integer_setting("trials", initial, 1, 1e9, "number of trials");
}
constexpr dk_setting validation_setting(const char* initial) {
  return number_setting("validation", initial, 0, 1, "share of the trials for validation");
}
constexpr dk_setting test_setting() {
  return number_setting("test", "0", 0, 1, "share of the trials for testing");
}

/// S T `width` numbers of an array. Throws Error (DK_TOO_LARGE) for more than 2^31; `settings`
/// names those that it comes from.
std::size_t numbers_in(std::int64_t S, std::int64_t T, std::int64_t width,
                       const char* settings = "'trials' and 'bins'");

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

/// Random numbers of one trial, one at a time.
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

/// Adds noise of this standard deviation to `count` numbers; draws nothing for 0.
void add_noise(const dk_host& host, dk_stream& stream, double deviation, double* values,
               std::int64_t count);

/// Puts `time` [T], k dt.
void put_time(const Sink& sink, std::int64_t T, double dt, const char* unit);

/// Puts `split` [S]: the last trials are for testing, those before them for validation.
void put_split(const Sink& sink, const TrialSettings& trials);

/// The same with the parts drawn at random, for trials that stand in an order.
void put_shuffled_split(const dk_job& job, const TrialSettings& trials);

}  // namespace dynkit::tasks
