// A map with every optional interface, and one flaw in one of them, named by the macro FLAW; `none`
// is a good one.
//
//     x' = (1 - z) tanh(w x) + z x,   r(x) = tanh(w x) - x      x [S,3], theta = (w, z) in [0,3] x
//     [0,1/2]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/noise.h"
#include "dynkit/strided.hpp"

namespace broken {

enum Flaw {
  none,
  columns_as_rows,
  transposed_jacobian,
  depends_on_batch_size,
  depends_on_time,
  stale_tape,
  draws_from_elsewhere,
  starts_outside_bounds,
  box_too_small,
  box_reversed,
  noise_depends_on_state,
  noise_of_wrong_size,
  another_zero,
  sign_reversed,
  residual_jacobian_wrong,
  residual_forgets_stride,
};
constexpr bool is(Flaw flaw) {
  return flaw == FLAW;
}

using dynkit::guard;
using dynkit::strided;
using dynkit::Strided;

constexpr std::int64_t kN = 3;

class Model {
 public:
  static constexpr std::span<const dk_setting> kSettings = dynkit::kNoSettings;

  Model(const dk_host&, const dynkit::Settings&) {
    info_ = {DK_MAP,
             DK_REENTRANT,
             DK_BATCH_EXACT | DK_HAS_COLUMNS,
             kN,
             0,
             2,
             std::numeric_limits<double>::quiet_NaN(),
             2,
             kBlocks,
             nullptr,
             nullptr,
             nullptr};
  }

  const dk_model_info& info() const { return info_; }
  std::int64_t tape_size(std::int64_t S) const { return S * kN * std::int64_t{sizeof(double)}; }

  void eval(const dk_points& points, const dk_output& out) const {
    const std::int32_t layout = is(columns_as_rows) ? std::int32_t{DK_ROWS} : points.layout;
    const Strided<const double> x = strided(points.x, layout);
    const Strided<const double> theta = strided(points.theta, points.layout);
    const Strided<double> into = strided(out, layout);
    auto* tape = static_cast<double*>(points.tape);
    for (std::int64_t s = 0; s < points.count; ++s) {
      for (std::int64_t i = 0; i < kN; ++i) {
        const double c = std::tanh(theta(s, 0) * x(s, mixed(i)));
        if (tape != nullptr) tape[s * kN + i] = is(stale_tape) ? 0.5 * c : c;
        into(s, i) = (1 - theta(s, 1)) * c + theta(s, 1) * x(s, i);
        if (is(depends_on_batch_size)) into(s, i) *= points.count > 16 ? 1 + 1e-9 : 1.0;
        if (is(depends_on_time) && points.t.data != nullptr) {
          into(s, i) += 1e-9 * points.t.data[s * points.t.stride];
        }
      }
    }
  }

  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    const Strided<const double> x = strided(points.x, points.layout);
    const Strided<const double> theta = strided(points.theta, points.layout);
    const Strided<double> into = strided(J, points.layout);
    const auto* tape = static_cast<const double*>(points.tape);
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double w = theta(s, 0), z = theta(s, 1);
      for (std::int64_t i = 0; i < kN; ++i) {
        const double y = x(s, mixed(i));
        const double c = tape != nullptr ? tape[s * kN + i] : std::tanh(w * y);
        const double slope = (1 - z) * (1 - c * c);
        if (wrt == DK_WRT_PARAMETERS) {
          into(s, i * J.row_stride) = slope * y;
          into(s, i * J.row_stride + 1) = x(s, i) - c;
        }
        if (wrt != DK_WRT_STATE) continue;
        for (std::int64_t j = 0; j < kN; ++j) {
          const double element = (j == mixed(i) ? slope * w : 0.0) + (i == j ? z : 0.0);
          into(s, is(transposed_jacobian) ? j * J.row_stride + i : i * J.row_stride + j) = element;
        }
      }
    }
  }

  void residual(const dk_points& points, const dk_output* r, const dk_matrices* J) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double* x = points.x.data + s * points.x.stride;
      const double w = points.theta.data[s * points.theta.stride];
      const std::int64_t stride = r == nullptr ? 0 : is(residual_forgets_stride) ? kN : r->stride;
      for (std::int64_t i = 0; i < kN; ++i) {
        const double sign = is(sign_reversed) ? -1.0 : 1.0;
        const double c = std::tanh(w * x[mixed(i)]);
        const double shift = is(another_zero) ? 1e-3 : 0.0;
        if (r != nullptr && r->data != nullptr) {
          r->data[s * stride + i] = sign * (c - x[i] + shift);
        }
        for (std::int64_t j = 0; J != nullptr && j < kN; ++j) {
          const double slope = is(residual_jacobian_wrong) ? 1.0 : w * (1 - c * c);
          J->data[s * J->sample_stride + i * J->row_stride + j] =
              sign * ((j == mixed(i) ? slope : 0.0) - (i == j ? 1.0 : 0.0));
        }
      }
    }
  }

  const void* extension(std::string_view id) const;

 private:
  // Unit i is driven by unit i + 1, so that the Jacobian is not symmetric.
  static std::int64_t mixed(std::int64_t i) { return (i + 1) % kN; }

  static constexpr dk_block kBlocks[] = {{"w", nullptr, 0, 0, 1, {0}, 0.0, 3.0, "weight"},
                                         {"z", nullptr, 1, 0, 1, {0}, 0.0, 0.5, "gate"}};
  dk_model_info info_{};
};

const Model& model_of(const dk_model* model) {
  return *reinterpret_cast<const Model*>(model);
}

double elsewhere = 0.0;

constexpr dk_initial_v1 kInitial = {
    [](const dk_model*, const dk_host* host, dk_stream* stream, double* theta, dk_error*) {
      host->uniform(host, stream, 2, theta);
      theta[0] += 1.5;
      theta[1] *= 0.4;
      if (is(starts_outside_bounds)) theta[1] += 0.5;
      return dk_status{DK_OK};
    },
    [](const dk_model*, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      host->normal(host, stream, kN, x);
      if (is(draws_from_elsewhere)) x[0] += elsewhere += 0.01;
      return dk_status{DK_OK};
    }};

constexpr dk_noise_info kNoiseInfo = {is(noise_of_wrong_size) ? DK_DIAGONAL : DK_ADDITIVE, DK_ITO,
                                      2};
constexpr dk_noise_v1 kNoise = {
    [](const dk_model*) { return &kNoiseInfo; },
    [](const dk_model*, const dk_points* points, const dk_output* G, dk_error*) {
      for (std::int64_t s = 0; s < points->count; ++s) {
        for (std::int64_t i = 0; i < 2 * kN; ++i) {
          const double x = points->x.data[s * points->x.stride];
          G->data[s * G->stride + i] = is(noise_depends_on_state) ? x : 0.1;
        }
      }
      return dk_status{DK_OK};
    }};

constexpr dk_domain_v1 kDomain = {
    [](const dk_model*, const double*, double* lower, double* upper, dk_error*) {
      // At w >= 1.5 the map leads away from small boxes.
      const double half = is(box_too_small) ? 0.2 : 1.0;
      std::fill_n(lower, kN, is(box_reversed) ? half : -half);
      std::fill_n(upper, kN, is(box_reversed) ? -half : half);
      return dk_status{DK_OK};
    }};

constexpr dk_balance_v1 kBalance = {
    [](const dk_model* model, const dk_points* points, const dk_output* r, dk_error* error) {
      return guard(error, [&] { model_of(model).residual(*points, r, nullptr); });
    },
    [](const dk_model* model, const dk_points* points, const dk_output* r, const dk_matrices* J,
       dk_error* error) { return guard(error, [&] { model_of(model).residual(*points, r, J); }); }};

const void* Model::extension(std::string_view id) const {
  if (id == DK_INITIAL_V1) return &kInitial;
  if (id == DK_NOISE_V1) return &kNoise;
  if (id == DK_DOMAIN_V1) return &kDomain;
  if (id == DK_BALANCE_V1) return &kBalance;
  return nullptr;
}

}  // namespace broken

DYNKIT_PLUGIN(dynkit::model_component<broken::Model>({"org.example.optional", "1.0.0",
                                                      "x' = (1 - z) tanh(w x) + z x"}))
