// A readout with one flaw, named by the macro FLAW; `none` is a good one.
//
//     y = exp(C z + d)      z [S,4], y [S,2], theta = (C [2,4], d [2]), p = 10
#include "dynkit/readout.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/plugin.h"

namespace broken {

enum Flaw { none, forgets_to_add, wrong_width };
constexpr bool is(Flaw flaw) {
  return flaw == FLAW;
}

constexpr std::int64_t kN = 4, kO = 2, kP = 10;
constexpr double kInfinity = HUGE_VAL;
constexpr dk_block kBlocks[] = {{"weight", nullptr, 0, 2, 1, {kO, kN}, -kInfinity, kInfinity, "C"},
                                {"bias", nullptr, kO* kN, 1, 1, {kO}, -kInfinity, kInfinity, "d"}};
constexpr dk_readout_info kInfo = {DK_REENTRANT, DK_BATCH_EXACT, kN, kO, kP, 2, kBlocks, nullptr};

struct Instance {
  int unused = 0;
};

dk_status create(const dk_host*, const dk_values*, dk_readout** readout, dk_error* error) {
  return dynkit::guard(error, [&] { *readout = reinterpret_cast<dk_readout*>(new Instance); });
}
void destroy(dk_readout* readout) {
  delete reinterpret_cast<Instance*>(readout);
}

double rate(const double* z, const double* theta, std::int64_t i) {
  double sum = theta[kO * kN + i];
  for (std::int64_t j = 0; j < kN; ++j) sum += theta[i * kN + j] * z[j];
  return std::exp(sum);
}

dk_status eval(const dk_readout*, const dk_points* points, const dk_output* y, dk_error*) {
  for (std::int64_t s = 0; s < points->count; ++s) {
    const double* theta = points->theta.data + s * points->theta.stride;
    for (std::int64_t i = 0; i < (is(wrong_width) ? kN : kO); ++i) {
      y->data[s * y->stride + i] = rate(points->x.data + s * points->x.stride, theta, i % kO);
    }
  }
  return DK_OK;
}

dk_status vjp(const dk_readout*, const dk_points* points, const dk_cotangents* bars, dk_error*) {
  for (std::int64_t s = 0; s < points->count; ++s) {
    const double* z = points->x.data + s * points->x.stride;
    const double* theta = points->theta.data + s * points->theta.stride;
    for (std::int64_t k = 0; k < bars->count; ++k) {
      const double* y_bar = bars->out.data + s * bars->out.stride + k * kO;
      double z_bar[kN] = {};
      for (std::int64_t i = 0; i < kO; ++i) {
        const double g = y_bar[i] * rate(z, theta, i);
        for (std::int64_t j = 0; j < kN; ++j) z_bar[j] += g * theta[i * kN + j];
        if (bars->theta.data == nullptr) continue;
        double* theta_bar = bars->theta.data + s * bars->theta.stride + k * kP;
        for (std::int64_t j = 0; j < kN; ++j) theta_bar[i * kN + j] += g * z[j];
        theta_bar[kO * kN + i] = g + (is(forgets_to_add) ? 0.0 : theta_bar[kO * kN + i]);
      }
      if (bars->x.data == nullptr) continue;
      for (std::int64_t j = 0; j < kN; ++j) {
        bars->x.data[s * bars->x.stride + k * kN + j] = z_bar[j];
      }
    }
  }
  return DK_OK;
}

constexpr dk_readout_v1 kTable = {
    create,  destroy, [](const dk_readout*) { return &kInfo; },
    nullptr, nullptr, nullptr,
    nullptr, eval,    nullptr,
    nullptr, vjp,     [](const dk_readout*, const char*) -> const void* {
                                    return nullptr; }};
constexpr dk_component kComponent = {DK_READOUT_V1, "org.example.readout",
                                     "1.0.0",       "y = exp(C z + d)",
                                     nullptr,       "MIT",
                                     nullptr,       0,
                                     nullptr,       &kTable};
constexpr dk_library kLibrary = {DK_ABI_MAJOR, DK_ABI_MINOR, "dynkit-sdk", DK_VERSION, 1,
                                 &kComponent};

}  // namespace broken

extern "C" DK_EXPORT const dk_library* dynkit_plugin_v1(void) {
  return &broken::kLibrary;
}
