// The flip-flop of the Computation-through-Dynamics Benchmark: rare pulses under noise.
//
//     pulse[k,c] = +1, -1, 0  with probabilities p, p, 1 - 2p,  0 in the first bins            (1)
//     inputs = pulse + sigma xi,   xi ~ N(0,1)                                                 (2)
//     targets[k,c] = high after a pulse of +1, low after one of -1 and before the first        (3)
//
// The mask leaves out the first bins and those after a transition of any channel's target: blind
// bins that begin with the one after it. The bin of the transition itself counts, as in the
// benchmark; there each channel has a mask of its own, here all share one.
//
// C. Versteeg et al., "Computation-through-Dynamics Benchmark: simulated datasets and quality
// metrics for dynamical models of neural activity", bioRxiv (2025); numbers as in their code.
//
//   S trials   T bins   m = o channels
#pragma once

#include <cstdint>
#include <vector>

#include "pulses.hpp"

namespace dynkit::flip_flop {

class NoisyFlipFlop {
 public:
  static constexpr const char* kLevels[] = {"binary", "signed", nullptr};
  static constexpr dk_setting kSettings[] = {
      integer_setting("bits", "3", 1, 1024, "number of channels"),
      trials_setting("1000"),
      integer_setting("bins", "500", 1, 1e9, "time bins in each"),
      number_setting("probability", "0.01", 0, 0.5,
                     "of a pulse of one sign in a bin of one channel"),
      integer_setting("silent", "3", 0, 1e9, "first bins without pulses"),
      number_setting("noise", "0.15", 0, kUnbounded, "standard deviation of noise on the inputs"),
      text_setting("levels", "binary", kLevels, "targets: binary, 0 or 1; signed, -1 or 1"),
      integer_setting("blind", "4", 0, 1e9, "bins after a transition that the mask leaves out"),
      integer_setting("blind_start", "5", 0, 1e9, "first bins that the mask leaves out"),
      validation_setting("0.2"),
      test_setting(),
  };

  NoisyFlipFlop(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  void make_trial(const dk_host& host, Trial& trial) const;
  std::vector<double> make_mask(const std::vector<double>& targets) const;

  TrialSettings trials_;
  std::int64_t bins_, bits_;
  double probability_, noise_, low_;
  std::int64_t silent_, blind_, blind_start_;
};

}  // namespace dynkit::flip_flop
