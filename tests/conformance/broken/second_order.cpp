// A flow with dynkit.second_order/1, and one flaw in it, named by the macro FLAW; `none` is a good
// one.
//
//     dq = v dt,   m dv = -a sin(q) dt - m gamma v dt + sqrt(2 m gamma T) dW
//     x = (v_0, q_0, q_1, v_1),   theta = (a, gamma, T),   m = (2, 1/2)
#include "dynkit/second_order.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "dynkit/component.hpp"
#include "dynkit/initial.h"
#include "dynkit/noise.h"

namespace broken {

enum Flaw {
  none,
  forgets_mass,
  noise_at_another_temperature,
  force_with_friction,
  negative_friction,
  place_used_twice,
  bath_reads_states,
};
constexpr bool is(Flaw flaw) {
  return flaw == FLAW;
}

constexpr std::int64_t kN = 4, kK = 2;
constexpr std::int64_t kPositions[] = {1, 2};
constexpr std::int64_t kVelocities[] = {is(place_used_twice) ? 2 : 0, 3};
constexpr std::int64_t kOwnVelocities[] = {0, 3};
constexpr double kMass[] = {2.0, 0.5};

const double* row(const dk_input& input, std::int64_t s) {
  return input.data + s * input.stride;
}

class Model {
 public:
  static constexpr std::span<const dk_setting> kSettings = dynkit::kNoSettings;

  Model(const dk_host&, const dynkit::Settings&) {
    info_ = {DK_FLOW,
             DK_REENTRANT,
             DK_BATCH_EXACT,
             kN,
             0,
             3,
             std::numeric_limits<double>::quiet_NaN(),
             3,
             kBlocks,
             nullptr,
             nullptr,
             nullptr};
  }

  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double *x = row(points.x, s), *theta = row(points.theta, s);
      for (std::int64_t j = 0; j < kK; ++j) {
        const double v = x[kOwnVelocities[j]];
        const double mass = is(forgets_mass) ? 1.0 : kMass[j];
        out.data[s * out.stride + kPositions[j]] = v;
        out.data[s * out.stride + kOwnVelocities[j]] =
            -theta[0] * std::sin(x[kPositions[j]]) / mass - theta[1] * v;
      }
    }
  }

  const void* extension(std::string_view id) const;

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();
  static constexpr dk_block kBlocks[] = {{"a", nullptr, 0, 0, 1, {0}, -kNone, kNone, "strength"},
                                         {"gamma", nullptr, 1, 0, 1, {0}, 0.0, kNone, "friction"},
                                         {"T", nullptr, 2, 0, 1, {0}, 0.0, kNone, "temperature"}};
  dk_model_info info_{};
};

constexpr dk_initial_v1 kInitial = {
    [](const dk_model*, const dk_host*, dk_stream*, double* theta, dk_error*) {
      theta[0] = 1.3;
      theta[1] = 0.7;
      theta[2] = 0.4;
      return dk_status{DK_OK};
    },
    [](const dk_model*, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      host->normal(host, stream, kN, x);
      return dk_status{DK_OK};
    }};

constexpr dk_noise_info kNoiseInfo = {DK_DIAGONAL, DK_ITO, kN};
constexpr dk_noise_v1 kNoise = {
    [](const dk_model*) { return &kNoiseInfo; },
    [](const dk_model*, const dk_points* points, const dk_output* G, dk_error*) {
      for (std::int64_t s = 0; s < points->count; ++s) {
        const double* theta = row(points->theta, s);
        const double T = is(noise_at_another_temperature) ? 1.0 : theta[2];
        for (std::int64_t j = 0; j < kK; ++j) {
          G->data[s * G->stride + kPositions[j]] = 0.0;
          G->data[s * G->stride + kOwnVelocities[j]] = std::sqrt(2.0 * theta[1] * T / kMass[j]);
        }
      }
      return dk_status{DK_OK};
    }};

constexpr dk_second_order_info kInfo = {kK, kPositions, kVelocities};
constexpr dk_second_order_v1 kSecondOrder = {
    [](const dk_model*) { return &kInfo; },
    [](const dk_model*, const dk_points* points, const dk_output* F, dk_error*) {
      for (std::int64_t s = 0; s < points->count; ++s) {
        const double *x = row(points->x, s), *theta = row(points->theta, s);
        for (std::int64_t j = 0; j < kK; ++j) {
          double& force = F->data[s * F->stride + j];
          force = -theta[0] * std::sin(x[kPositions[j]]);
          if (is(force_with_friction)) force -= kMass[j] * theta[1] * x[kOwnVelocities[j]];
        }
      }
      return dk_status{DK_OK};
    },
    [](const dk_model*, const dk_points* points, const dk_output* gamma, const dk_output* T,
       const dk_output* m, dk_error*) {
      for (std::int64_t s = 0; s < points->count; ++s) {
        const double* theta = row(points->theta, s);
        const double sign = is(negative_friction) ? -1.0 : 1.0;
        const double extra = is(bath_reads_states) ? 1e-9 * row(points->x, s)[0] : 0.0;
        for (std::int64_t j = 0; j < kK; ++j) {
          if (gamma->data != nullptr) gamma->data[s * gamma->stride + j] = sign * theta[1] + extra;
          if (T->data != nullptr) T->data[s * T->stride + j] = theta[2];
          if (m->data != nullptr) m->data[s * m->stride + j] = kMass[j];
        }
      }
      return dk_status{DK_OK};
    }};

const void* Model::extension(std::string_view id) const {
  if (id == DK_INITIAL_V1) return &kInitial;
  if (id == DK_NOISE_V1) return &kNoise;
  if (id == DK_SECOND_ORDER_V1) return &kSecondOrder;
  return nullptr;
}

}  // namespace broken

DYNKIT_PLUGIN(dynkit::model_component<broken::Model>({"org.example.second_order", "1.0.0",
                                                      "m q'' = -a sin(q) - m gamma q' + noise"}))
