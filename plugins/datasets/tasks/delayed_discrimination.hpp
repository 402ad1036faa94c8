// Delayed discrimination: two stimuli, some time apart; which was the stronger one?
//
//     | before | first, f1 | delay D | second, f2 | decision: target sign(f2 - f1) |           (1)
//
// f1 and f2 are uniform in [lowest, highest] given |f1 - f2| >= least_difference, D is a whole
// number of bins, uniform from shortest_delay to longest_delay. The input is the stimulus's
// amplitude while it lasts, else 0, plus noise. Trials are as long as the longest delay needs; what
// follows the decision is masked. Without `fixate` only the decision counts, with it also the
// bins before, where the target is 0.
//
// The task of R. Romo, C. D. Brody, A. Hernandez, L. Lemus, "Neuronal correlates of parametric
// working memory in the prefrontal cortex", Nature 399, 470 (1999), who compared frequencies of
// vibrations on a finger tip; amplitudes and times are ours.
//
//   S trials   T bins   m = o = 1
#pragma once

#include <cstdint>

#include "trials.hpp"

namespace dynkit::tasks {

class DelayedDiscrimination {
 public:
  static constexpr dk_setting kSettings[] = {
      trials_setting("1000"),
      number_setting("lowest", "0.2", -kUnbounded, kUnbounded, "weakest stimulus"),
      number_setting("highest", "1", -kUnbounded, kUnbounded, "strongest stimulus"),
      number_setting("least_difference", "0.1", 0, kUnbounded, "between the two of a trial"),
      integer_setting("before", "5", 0, 1e9, "bins before the first stimulus"),
      integer_setting("stimulus", "5", 1, 1e9, "bins of each stimulus"),
      integer_setting("shortest_delay", "10", 0, 1e9, "bins between the stimuli, at least"),
      integer_setting("longest_delay", "40", 0, 1e9, "bins between the stimuli, at most"),
      integer_setting("decision", "10", 1, 1e9, "bins in which the target tells the answer"),
      boolean_setting("fixate", "false", "whether the output must be 0 before the decision"),
      number_setting("noise", "0", 0, kUnbounded, "standard deviation of noise on the input"),
      validation_setting("0.2"),
      test_setting(),
  };

  DelayedDiscrimination(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  struct Arrays;  // of all trials
  void make_trial(const dk_host& host, dk_stream& stream, std::int64_t s, Arrays& arrays) const;

  TrialSettings trials_;
  double lowest_, highest_, least_difference_;
  std::int64_t before_, stimulus_, shortest_, longest_, decision_, bins_;
  bool fixate_;
  double noise_;
};

}  // namespace dynkit::tasks
