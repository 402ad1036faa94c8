#include "trials.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace dynkit::tasks {
namespace {

// 16 GiB for one array; beyond that a typing error is likelier than a wish.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;

// The branch of the job's stream that no trial has.
constexpr std::int64_t kSplitBranch = -1;

std::vector<std::int64_t> split_in_order(const TrialSettings& trials) {
  const auto count = static_cast<double>(trials.S);
  const auto begin = [&](double share) {
    return std::min(static_cast<std::int64_t>(std::llround(count * (1.0 - share))), trials.S);
  };
  std::vector<std::int64_t> split(static_cast<std::size_t>(trials.S));
  const std::int64_t validation = begin(std::min(1.0, trials.validation + trials.test));
  std::fill(split.begin() + validation, split.begin() + begin(trials.test), 1);
  std::fill(split.begin() + begin(trials.test), split.end(), 2);
  return split;
}

void put_split(const Sink& sink, const std::vector<std::int64_t>& split) {
  sink.array("split", {static_cast<std::int64_t>(split.size())}, split,
             {{"trial"}, nullptr, "0 train, 1 validation, 2 test"});
}

}  // namespace

TrialSettings::TrialSettings(const Settings& settings)
    : S(settings.integer("trials")),
      validation(settings.number("validation")),
      test(settings.number("test")) {
  if (validation + test > 1.0) {
    throw Error(DK_SETTINGS, "settings 'validation' and 'test' are together more than 1");
  }
}

std::size_t numbers_in(std::int64_t S, std::int64_t T, std::int64_t width, const char* settings) {
  std::int64_t size = 0;
  if (__builtin_mul_overflow(S, T, &size) || __builtin_mul_overflow(size, width, &size) ||
      size > kMostNumbers) {
    throw Error(DK_TOO_LARGE, std::string("settings ") + settings + ": an array " +
                                  shape_text({S, T, width}) +
                                  " is larger than the limit of 2^31 numbers");
  }
  return static_cast<std::size_t>(size);
}

void add_noise(const dk_host& host, dk_stream& stream, double deviation, double* values,
               std::int64_t count) {
  if (deviation == 0.0) return;
  std::vector<double> noise(static_cast<std::size_t>(count));
  host.normal(&host, &stream, count, noise.data());
  for (std::int64_t i = 0; i < count; ++i)
    values[i] += deviation * noise[static_cast<std::size_t>(i)];
}

void put_time(const Sink& sink, std::int64_t T, double dt, const char* unit) {
  std::vector<double> time(static_cast<std::size_t>(T));
  for (std::size_t k = 0; k < time.size(); ++k) time[k] = static_cast<double>(k) * dt;
  sink.array("time", {T}, time, {{"time"}, unit, "beginnings of the bins"});
}

void put_split(const Sink& sink, const TrialSettings& trials) {
  put_split(sink, split_in_order(trials));
}

// Fisher and Yates.
void put_shuffled_split(const dk_job& job, const TrialSettings& trials) {
  std::vector<std::int64_t> split = split_in_order(trials);
  dk_stream stream;
  job.host->split(job.host, job.stream, kSplitBranch, &stream);
  Random random(*job.host, stream);
  for (std::int64_t s = trials.S - 1; s > 0; --s) {
    const std::int64_t other = random.integer(s + 1);
    std::swap(split[static_cast<std::size_t>(s)], split[static_cast<std::size_t>(other)]);
  }
  put_split(Sink(*job.sink), split);
}

}  // namespace dynkit::tasks
