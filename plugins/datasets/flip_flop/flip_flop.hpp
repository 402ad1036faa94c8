// The n-bit flip-flop: hold the sign of the last pulse on each channel.
//
// In each trial the number of pulses is Poisson(pulses); each is on one random channel with a
// random sign, starts at a random bin and lasts width + 1 bins; later pulses overwrite earlier
// ones. The target of a channel is its last nonzero input, +1 before the first.
//
// D. Sussillo, O. Barak, "Opening the black box: low-dimensional dynamics in high-dimensional
// recurrent neural networks", Neural Computation 25, 626 (2013); numbers as in T. Kim, T. Can,
// K. Krishnamurthy, "Trainability, expressivity and interpretability in gated neural ODEs", ICML
// 2023.
//
//   S trials   T bins   m = o bits
#pragma once

#include <cstdint>

#include "pulses.hpp"

namespace dynkit::flip_flop {

class FlipFlop {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("bits", "3", 1, 1024, "number of channels"),
      trials_setting("600"),
      integer_setting("bins", "100", 1, 1e9, "time bins in each"),
      number_setting("pulses", "12", 0, 1e6, "mean number of pulses in a trial"),
      integer_setting("width", "2", 0, 1e9, "a pulse lasts width + 1 bins"),
      number_setting("amplitude", "1", 0, kUnbounded, "height of a pulse, either sign"),
      number_setting("initial", "1", -kUnbounded, kUnbounded, "target before the first pulse"),
      validation_setting("0.16666666666666666"),
      test_setting(),
  };

  FlipFlop(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  TrialSettings trials_;
  std::int64_t bits_, bins_, width_;
  double pulses_, amplitude_, initial_;
};

}  // namespace dynkit::flip_flop
