#include "delayed_discrimination.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace dynkit::tasks {

struct DelayedDiscrimination::Arrays {
  std::vector<double> inputs, targets, mask;  // [S,T]
  std::vector<double> stimuli;                // [S,2]
  std::vector<std::int64_t> delays;           // [S]
};

DelayedDiscrimination::DelayedDiscrimination(const dk_host&, const Settings& settings)
    : trials_(settings),
      lowest_(settings.number("lowest")),
      highest_(settings.number("highest")),
      least_difference_(settings.number("least_difference")),
      before_(settings.integer("before")),
      stimulus_(settings.integer("stimulus")),
      shortest_(settings.integer("shortest_delay")),
      longest_(settings.integer("longest_delay")),
      decision_(settings.integer("decision")),
      bins_(before_ + 2 * stimulus_ + longest_ + decision_),
      fixate_(settings.boolean("fixate")),
      noise_(settings.number("noise")) {
  if (!(highest_ - lowest_ > least_difference_)) {
    throw Error(
        DK_SETTINGS,
        "settings 'lowest', 'highest' and 'least_difference': the range of the stimuli must "
        "be larger than their least difference");
  }
  if (shortest_ > longest_) {
    throw Error(DK_SETTINGS, "setting 'shortest_delay': " + std::to_string(shortest_) +
                                 " is above 'longest_delay', " + std::to_string(longest_));
  }
  static_cast<void>(array_size(trials_.S, bins_, 2,
                               "'trials', 'before', 'stimulus', 'longest_delay' and 'decision'"));
}

void DelayedDiscrimination::make_trial(const dk_host& host, dk_stream& stream, std::int64_t s,
                                       Arrays& arrays) const {
  Random random(host, stream);

  // Sorted uniform numbers, moved apart, are uniform where the difference is large enough.
  double low = random.uniform(lowest_, highest_ - least_difference_);
  double high = random.uniform(lowest_, highest_ - least_difference_);
  if (low > high) std::swap(low, high);
  high += least_difference_;
  const bool second_is_larger = random.integer(2) == 1;
  const double first = second_is_larger ? low : high, second = second_is_larger ? high : low;
  const std::int64_t delay = shortest_ + random.integer(longest_ - shortest_ + 1);

  double* inputs = &arrays.inputs[static_cast<std::size_t>(s * bins_)];
  double* targets = &arrays.targets[static_cast<std::size_t>(s * bins_)];
  double* mask = &arrays.mask[static_cast<std::size_t>(s * bins_)];
  const std::int64_t second_begin = before_ + stimulus_ + delay;
  const std::int64_t decision_begin = second_begin + stimulus_;
  std::fill_n(inputs + before_, stimulus_, first);
  std::fill_n(inputs + second_begin, stimulus_, second);
  std::fill_n(targets + decision_begin, decision_, second_is_larger ? 1.0 : -1.0);
  std::fill_n(mask + decision_begin, decision_, 1.0);
  if (fixate_) std::fill_n(mask, decision_begin, 1.0);
  add_noise(host, stream, noise_, inputs, bins_);
  arrays.stimuli[static_cast<std::size_t>(2 * s)] = first;
  arrays.stimuli[static_cast<std::size_t>(2 * s + 1)] = second;
  arrays.delays[static_cast<std::size_t>(s)] = delay;
}

void DelayedDiscrimination::generate(const dk_job& job) const {
  const std::int64_t S = trials_.S, T = bins_;
  const std::size_t numbers = array_size(S, T, 1), count = static_cast<std::size_t>(S);
  Arrays arrays{std::vector<double>(numbers), std::vector<double>(numbers),
                std::vector<double>(numbers), std::vector<double>(2 * count),
                std::vector<std::int64_t>(count)};
  for_each_trial(
      job, S, [&](dk_stream& stream, std::int64_t s) { make_trial(*job.host, stream, s, arrays); });

  const Sink sink(*job.sink);
  put_time(sink, T, 1.0, "bin");
  sink.array("inputs", {S, T, 1}, arrays.inputs,
             {{"trial", "time", "input"}, nullptr, "the stimulus"});
  sink.array("targets", {S, T, 1}, arrays.targets,
             {{"trial", "time", "output"},
              nullptr,
              "in the decision: 1 if the second stimulus is the larger one, else -1"});
  sink.array("mask", {S, T}, arrays.mask, {{"trial", "time"}, nullptr, "1: the bin counts"});
  sink.array("stimuli", {S, 2}, arrays.stimuli, {{"trial", "stimulus"}, nullptr, "amplitudes"});
  sink.array("delay", {S}, arrays.delays, {{"trial"}, "bin", "between the stimuli"});
  put_split(sink, trials_);
}

}  // namespace dynkit::tasks
