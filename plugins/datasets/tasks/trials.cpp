#include "trials.hpp"

#include <utility>
#include <vector>

namespace dynkit::tasks {
namespace {

// The branch of the job's stream that no trial has.
constexpr std::int64_t kSplitBranch = -1;

std::vector<std::int64_t> split_in_order(const TrialSettings& trials) {
  return dynkit::split_in_order(trials.S, 1.0 - (trials.validation + trials.test), trials.test);
}

}  // namespace

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
