// One formula with everything in it, written as models of fixed sizes and as a model whose sizes
// come from a setting. Sizes: n = 3, m = 2, p = 5, all different.
#pragma once

#include <cmath>
#include <cstdint>

#include "dynkit/differentiable_model.hpp"

namespace dynkit::testing {

template <class S>
void toy_formula(const S& t, const S* x, const S* u, const S* theta, S* dx) {
  using namespace math;
  dx[0] = theta[0] * tanh(x[1]) - x[0] * u[1] + sin(theta[4] * t);
  dx[1] = x[2] * x[0] / (2 + theta[1] * theta[1]) + theta[2] * u[0] * pow(3 + x[1], -1);
  dx[2] = sigmoid(x[0] + theta[3]) - pow(x[2], 2) * theta[0] + exp(u[1]) * x[1];
}

/// Fixed sizes: numbers on the stack, forward passes for cotangents, one sample at a time.
struct FixedToy {
  static constexpr StateVariable kStates[] = {{"a", -1, 3}, {"b", 0, 2}, {"c", -4, -2}};
  static constexpr const char* kInputs[] = {"left", "right"};
  static constexpr Parameter kParameters[] = {{"p0", 0.5, "first", -2, 2},
                                              {"p1", 1.5, "second"},
                                              {"p2", -0.7, "third"},
                                              {"p3", 0.2, "fourth", -kUnbounded, kUnbounded, false},
                                              {"p4", 1.1, "fifth"}};
  static constexpr dk_noise_info kNoise = {DK_GENERAL, DK_STRATONOVICH, 2};
  static constexpr bool kSmooth = false;

  template <class S>
  void dynamics(const S& t, const S* x, const S* u, const S* theta, S* dx) const {
    toy_formula(t, x, u, theta, dx);
    if (x[0] < -100) dx[0] = 0;  // branches on values are allowed
  }
  void noise(const double& t, const double* x, const double* u, const double* theta,
             double* G) const {
    for (int e = 0; e < 6; ++e) G[e] = t + 10 * x[e / 2] + 100 * u[e % 2] + theta[0] * e;
  }
  void box(const double* theta, double* lower, double* upper) const {
    for (int i = 0; i < 3; ++i) {
      lower[i] = -theta[i] - 1;
      upper[i] = theta[i] + 1;
    }
  }
};

/// The same without a branch: derivatives of several samples at once.
struct PackedToy : FixedToy {
  static constexpr bool kBranchFree = true;

  template <class S>
  void dynamics(const S& t, const S* x, const S* u, const S* theta, S* dx) const {
    toy_formula(t, x, u, theta, dx);
  }
};

/// The same field with sizes from the layout: numbers in scratch, a tape for cotangents, samples in
/// vector lanes. A second block of parameters has a shape.
struct SizedToy {
  static constexpr bool kBranchFree = true;
  static constexpr dk_setting kSettings[] = {
      integer_setting("copies", "1", 1, 9, "ignored", DK_CHANGES_SIZES)};

  explicit SizedToy(const Settings& settings) : copies(settings.integer("copies")) {}

  ModelLayout layout() const {
    return {ModelLayout::numbered_states("x", 3, -1, 2),
            ModelLayout::numbered("u", 2),
            {{"head", {}, {0.5}, "first"}, {"tail", {2, 2}, {1.5, -0.7, 0.2, 1.1}, "the others"}}};
  }
  template <class S>
  void dynamics(const S& t, const S* x, const S* u, const S* theta, S* dx) const {
    toy_formula(t, x, u, theta, dx);
  }
  std::int64_t copies;
};

/// The smallest author: a map of one state without parameters or inputs.
struct TinyToy {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr StateVariable kStates[] = {{"x", 0, 1}};
  template <class S>
  void dynamics(const S* x, const S*, S* next) const {
    next[0] = 2 * x[0];
  }
};

inline const dk_component kFixedToy = differentiable_component<FixedToy>({"a.b.c", "1.0.0", "toy"});
inline const dk_component kSizedToy = differentiable_component<SizedToy>({"a.b.d", "1.0.0", "toy"});
inline const dk_component kPackedToy =
    differentiable_component<PackedToy>({"a.b.f", "1.0.0", "toy"});
inline const dk_component kTinyToy = differentiable_component<TinyToy>({"a.b.e", "1.0.0", "toy"});

}  // namespace dynkit::testing
