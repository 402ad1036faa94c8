// The flip-flop with pulses of any amplitude: a memory for continuous values.
//
// In each trial the number of pulses is Poisson(pulses); each starts at a random bin and lasts
// width + 1 bins; later pulses overwrite earlier ones. Its value v is uniform in a region:
//
//     box      v_c uniform in [-w_c, w_c] on one random channel c, nothing on the others       (1)
//     annulus  (v_0, v_1) uniform in r_1 <= |v| <= r_2, on both channels at once               (2)
//
// and in (2) with r_1 = r_2 uniform on the circle. The target of a channel is its last nonzero
// input. So targets fill the region: a network that solves the task holds a continuous attractor of
// its shape.
//
// T. Kim, T. Can, K. Krishnamurthy, "Trainability, expressivity and interpretability in gated
// neural ODEs", ICML 2023; numbers of bins, pulses and trials as in their code.
//
//   w half widths   r radii   S trials   T bins   m = o channels
#pragma once

#include <cstdint>
#include <vector>

#include "pulses.hpp"

namespace dynkit::flip_flop {

class VariableFlipFlop {
 public:
  static constexpr const char* kRegions[] = {"box", "annulus", nullptr};
  static constexpr dk_setting kSettings[] = {
      text_setting("region", "box", kRegions,
                   "where pulses lie: box, one channel at a time; annulus, two channels at once"),
      numbers_setting("half_widths", "[1, 1, 1]", 0, kUnbounded,
                      "of the box, one for each channel: amplitudes are uniform in [-w, w]"),
      numbers_setting("radii", "[1, 2]", 0, kUnbounded,
                      "inner and outer radius of the annulus; the same twice: a ring"),
      numbers_setting(
          "initial", "[]", -kUnbounded, kUnbounded,
          "targets before the first pulse, one for each channel; empty: zero in the box, "
          "(mean radius, 0) in the annulus"),
      trials_setting("600"),
      integer_setting("bins", "100", 1, 1e9, "time bins in each"),
      number_setting("pulses", "12", 0, 1e6, "mean number of pulses in a trial"),
      integer_setting("width", "2", 0, 1e9, "a pulse lasts width + 1 bins"),
      validation_setting("0.16666666666666666"),
      test_setting(),
  };

  VariableFlipFlop(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  void add_pulse(Trial& trial) const;

  TrialSettings trials_;
  bool annulus_;
  std::vector<double> half_widths_, radii_, initial_;
  std::int64_t bins_, channels_ = 0;
  double pulses_;
  std::int64_t width_;
};

}  // namespace dynkit::flip_flop
