// Sine generation: a constant input tells the frequency of the sine that is to be made.
//
//     inputs[s,k] = j/F + offset,   targets[s,k] = sin(omega_j t_{k+1}),   t_k = k dt          (1)
//     omega_j = lowest + (j - 1) (highest - lowest) / (F - 1),   j = 1 + (s mod F)             (2)
//
// so the sine begins at 0 with the initial state and a target is where the bin's input leads to.
// F = 51 frequencies between 0.1 and 0.6 radians per unit of time, the network's time constant, and
// the input j/51 + 0.25 are those of D. Sussillo, O. Barak, "Opening the black box: low-dimensional
// dynamics in high-dimensional recurrent neural networks", Neural Computation 25, 626 (2013);
// number and width of the bins are ours.
//
//   S trials   T bins   m = o = 1
#pragma once

#include <cstdint>

#include "trials.hpp"

namespace dynkit::tasks {

class SineGeneration {
 public:
  static constexpr dk_setting kSettings[] = {
      trials_setting("51"),
      integer_setting("bins", "150", 1, 1e9, "time bins in each"),
      number_setting("dt", "1", 0, kUnbounded, "width of a bin"),
      integer_setting("frequencies", "51", 1, 1e6, "number of frequencies, in turn"),
      number_setting("lowest", "0.1", 0, kUnbounded, "angular frequency of the first"),
      number_setting("highest", "0.6", 0, kUnbounded, "angular frequency of the last"),
      number_setting("offset", "0.25", -kUnbounded, kUnbounded,
                     "the input is j/frequencies + offset, j = 1, 2, ..."),
      number_setting("noise", "0", 0, kUnbounded, "standard deviation of noise on the input"),
      validation_setting("0"),
      test_setting(),
  };

  SineGeneration(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  double frequency(std::int64_t s) const;  // (2)

  TrialSettings trials_;
  std::int64_t bins_, frequencies_;
  double dt_, lowest_, highest_, offset_, noise_;
};

}  // namespace dynkit::tasks
