// Path integration: from self-motion alone, where am I?
//
// An animal runs in a square arena. In each bin, with h its heading, a unit vector, w the normal of
// the nearest wall, pointing outward, v a speed and a a turn,
//
//     v ~ Rayleigh(speed),   a ~ N(0, (turning dt)^2)                                          (1)
//     nearer than `perimeter` to the wall and h.w > 0:  h <- along the wall,  v <- slowing v   (2)
//     h <- R(a) h,   x <- x + v dt h, with v cut where the step would lead out of the arena    (3)
//
// The inputs are what moved it: the velocity v h, or (v, h) with the heading in the world's frame,
// or (v, cos, sin) of the change of heading, the first of which is from the direction of the first
// axis. So x is a sum of the inputs, exactly. Targets are the positions x after each bin.
//
// Where trials start anywhere, two more inputs show the start in the first bin.
//
// Velocity and heading inputs: C. J. Cueva, X.-X. Wei, "Emergence of grid-like representations by
// training recurrent neural networks to perform spatial localization", ICLR 2018. Rule (1) to (3)
// and numbers, except for the cut: A. Banino et al., "Vector-based navigation using grid-like
// representations in artificial agents", Nature 557, 429 (2018), after F. Raudies, M. E. Hasselmo,
// "Modeling boundary vector cell firing given optic flow as a cue", PLoS Comput. Biol. 8, e1002553
// (2012).
//
//   S trials   T bins   x, h [2]   m inputs   o = 2
#pragma once

#include <cstdint>
#include <vector>

#include "trials.hpp"

namespace dynkit::tasks {

class PathIntegration {
 public:
  static constexpr const char* kInputs[] = {"velocity", "heading", "turning", nullptr};
  static constexpr const char* kStarts[] = {"center", "anywhere", nullptr};
  static constexpr dk_setting kSettings[] = {
      trials_setting("1000"),
      integer_setting("bins", "200", 1, 1e9, "time bins in each"),
      number_setting("dt", "0.02", 0, kUnbounded, "width of a bin", 0, "s"),
      text_setting("inputs", "velocity", kInputs,
                   "velocity, 2 numbers; heading, speed and direction in the world, 3; turning, "
                   "speed and change of direction, 3"),
      text_setting("start", "center", kStarts,
                   "center of the arena; or anywhere, shown to two more inputs in the first bin"),
      number_setting("width", "2.2", 0, kUnbounded, "of the arena, centered at 0", 0, "m"),
      number_setting("speed", "0.13", 0, kUnbounded,
                     "scale of the Rayleigh distribution of the speed", 0, "m/s"),
      number_setting("turning", "330", 0, kUnbounded, "standard deviation of the rate of turning",
                     0, "degrees/s"),
      number_setting("perimeter", "0.03", 0, kUnbounded,
                     "distance to a wall where the animal turns along it", 0, "m"),
      number_setting("slowing", "0.25", 0, 1, "factor of the speed there"),
      number_setting("noise", "0", 0, kUnbounded, "standard deviation of noise on the inputs"),
      validation_setting("0.2"),
      test_setting(),
  };

  PathIntegration(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  enum class Motion { velocity, heading, turning };

  std::int64_t channels() const {
    return (motion_ == Motion::velocity ? 2 : 3) + (anywhere_ ? 2 : 0);
  }
  void make_trial(const dk_host& host, dk_stream& stream, double* start, double* inputs,
                  double* targets) const;

  TrialSettings trials_;
  std::int64_t bins_;
  Motion motion_;
  bool anywhere_;
  double dt_, width_, speed_, turning_, perimeter_, slowing_, noise_;
};

}  // namespace dynkit::tasks
