// A model with one flaw, named by the macro FLAW; `none` is a good one. What the flaw breaks is
// what the conformance checks are tested with.
//
//     dx/dt = -a x + b sin(x) + C u        x [S,3], u [S,2], theta = (a, b [3], C [3,2]), p = 10
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>

#include "dynkit/component.hpp"

namespace broken {

enum Flaw {
  none,
  past_the_row,
  past_the_end,
  ignores_stride,
  ignores_shared_state,
  overwrites_theta_bar,
  wrong_sign,
  small_error,
  wrong_input_width,
  keeps_state,
  reads_scratch,
  nan_hangs,
  nan_is_lost,
  nameless_message,
  leaks,
  writes_input,
  shared_member,
  couples_samples,
  crashes_at_zero_samples,
  writes_error,
  answers_every_extension,
  default_out_of_bounds,
  writes_unwanted,
};

constexpr bool is(Flaw flaw) {
  return flaw == FLAW;
}

constexpr std::int64_t kN = 3, kM = 2, kP = 10;

using dynkit::Settings;

const double* row(const dk_input& input, std::int64_t s) {
  if (is(ignores_shared_state) && input.stride == 0) return input.data + s;
  return input.data + s * (is(ignores_stride) && input.stride != kP ? kN : input.stride);
}

double at(const dk_input& input, std::int64_t s, std::int64_t i) {
  return input.data == nullptr ? 0.0 : input.data[s * input.stride + i];
}

double* volatile lost = nullptr;  // volatile, so that no compiler leaves the allocation out

class Model {
 public:
  static constexpr dk_setting kSettings[] = {
      dynkit::number_setting("gain", is(default_out_of_bounds) ? "-2" : "1", 0.0,
                             dynkit::kUnbounded, "factor of everything"),
  };

  Model(const dk_host&, const Settings& settings) : gain_(settings.number("gain")) {
    if (!(gain_ <= 1e100)) {
      throw dynkit::Error(DK_SETTINGS, is(nameless_message) ? "this value is not usable"
                                                            : "setting 'gain' is above 1e100");
    }
    if (is(leaks)) lost = new double[100];
    blocks_[0] = {"a", nullptr, 0, 0, 1, {0}, -dynkit::kUnbounded, dynkit::kUnbounded, "decay"};
    blocks_[1] = {"b", nullptr, 1, 1, 1, {kN}, -dynkit::kUnbounded, dynkit::kUnbounded, "force"};
    blocks_[2] = {"C",
                  nullptr,
                  1 + kN,
                  2,
                  1,
                  {kN, kM},
                  -dynkit::kUnbounded,
                  dynkit::kUnbounded,
                  "weights of the inputs"};
    info_ = {DK_FLOW,
             DK_REENTRANT,
             DK_BATCH_EXACT,
             kN,
             kM,
             kP,
             std::numeric_limits<double>::quiet_NaN(),
             3,
             blocks_,
             nullptr,
             nullptr,
             nullptr};
  }

  const dk_model_info& info() const { return info_; }
  std::int64_t scratch_size(std::int32_t, std::int64_t, std::int64_t) const {
    return kN * std::int64_t{sizeof(double)};
  }

  void eval(const dk_points& points, const dk_output& out) const {
    if (is(crashes_at_zero_samples) && points.count == 0) __builtin_trap();
    double& first = static_cast<double*>(points.scratch)[0];
    const double leftover = is(reads_scratch) && first > 0.0 ? 1e-3 : 0.0;
    first = 0.0;
    if (is(writes_input) && points.count > 0) {
      const_cast<volatile double*>(points.x.data)[0] = points.x.data[0];
    }
    double carried = 0.0;
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double* x = row(points.x, s);
      const double* theta = points.theta.data + s * points.theta.stride;
      double* into = out.data + s * out.stride;
      for (std::int64_t i = 0; i < kN; ++i) {
        if (is(nan_hangs)) {
          for (volatile double waiting = x[i]; waiting != waiting;) {
          }
        }
        const double xi = is(nan_is_lost) && !(x[i] == x[i]) ? 0.0 : x[i];
        double f = -theta[0] * xi + theta[1 + i] * std::sin(xi);
        for (std::int64_t j = 0; j < kM; ++j) f += theta[1 + kN + i * kM + j] * at(points.u, s, j);
        if (is(couples_samples)) f += 1e-3 * carried;
        into[i] = gain_ * f + leftover;
        if (is(keeps_state)) into[i] += 1e-6 * static_cast<double>(calls_++);
        if (is(shared_member)) {
          member_ = into[i];
          std::this_thread::yield();  // another thread writes its own value meanwhile
          into[i] = member_;
        }
        carried = into[i];
      }
      if (is(past_the_row)) into[kN] = 0.0;
    }
    if (is(past_the_end) && points.count > 0) out.data[(points.count - 1) * out.stride + kN] = 0.0;
  }

  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double* x = row(points.x, s);
      const double* theta = points.theta.data + s * points.theta.stride;
      for (std::int64_t k = 0; k < tangents.count; ++k) {
        for (std::int64_t i = 0; i < kN; ++i) {
          const auto dot = [&](const dk_input& v, std::int64_t width, std::int64_t e) {
            return at(v, s, k * width + e);
          };
          const double sign = is(wrong_sign) ? -1.0 : 1.0;
          const double share = is(small_error) ? 1.0 + 3e-6 : 1.0;
          double f =
              (-theta[0] + sign * theta[1 + i] * std::cos(x[i])) * share * dot(tangents.x, kN, i);
          f += -x[i] * dot(tangents.theta, kP, 0) + std::sin(x[i]) * dot(tangents.theta, kP, 1 + i);
          for (std::int64_t j = 0; j < kM; ++j) {
            const std::int64_t c = 1 + kN + i * kM + j;
            f +=
                theta[c] * dot(tangents.u, kM, j) + at(points.u, s, j) * dot(tangents.theta, kP, c);
          }
          out.data[s * out.stride + k * kN + i] = gain_ * f;
        }
      }
    }
  }

  void vjp(const dk_points& points, const dk_cotangents& bars) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double* x = row(points.x, s);
      const double* theta = points.theta.data + s * points.theta.stride;
      for (std::int64_t k = 0; k < bars.count; ++k) {
        const double* out_bar = bars.out.data + s * bars.out.stride + k * kN;
        double u_bar[kM] = {};
        double* theta_bar =
            bars.theta.data == nullptr ? nullptr : bars.theta.data + s * bars.theta.stride + k * kP;
        if (is(overwrites_theta_bar) && theta_bar != nullptr) {
          std::memset(theta_bar, 0, kP * sizeof(double));
        }
        for (std::int64_t i = 0; i < kN; ++i) {
          const double g = gain_ * out_bar[i];
          if (bars.x.data != nullptr) {
            bars.x.data[s * bars.x.stride + k * kN + i] =
                g * (-theta[0] + theta[1 + i] * std::cos(x[i]));
          }
          // The width of the input taken for the state's: right wherever the two are equal.
          const std::int64_t width = is(wrong_input_width) ? kN : kM;
          for (std::int64_t j = 0; j < kM; ++j) {
            u_bar[j] += g * theta[1 + kN + (i * width + j) % (kN * kM)];
          }
          if (theta_bar == nullptr) continue;
          theta_bar[0] -= g * x[i];
          theta_bar[1 + i] += g * std::sin(x[i]);
          for (std::int64_t j = 0; j < kM; ++j) {
            theta_bar[1 + kN + i * kM + j] += g * at(points.u, s, j);
          }
        }
        if (bars.u.data == nullptr) continue;
        for (std::int64_t j = 0; j < kM; ++j)
          bars.u.data[s * bars.u.stride + k * kM + j] = u_bar[j];
      }
    }
    // Volatile, since a compiler may leave out a plain write through a null pointer.
    volatile double* const x_bar = bars.x.data;
    if (is(writes_unwanted) && x_bar == nullptr) *x_bar = 0.0;
  }

  const void* extension(std::string_view) const {
    return is(answers_every_extension) ? &info_ : nullptr;
  }

 private:
  double gain_;
  dk_block blocks_[3]{};
  dk_model_info info_{};
  mutable std::int64_t calls_ = 0;
  mutable volatile double member_ = 0.0;
};

// The SDK's table, with an error that is written though the call went well.
constexpr dk_model_v1 make_table() {
  dk_model_v1 table = dynkit::detail::model_table<Model>;
  if (is(writes_error)) {
    table.eval = [](const dk_model* model, const dk_points* points, const dk_output* out,
                    dk_error* error) -> dk_status {
      if (error != nullptr) std::strcpy(error->message, "fine");
      return dynkit::detail::model_table<Model>.eval(model, points, out, error);
    };
  }
  return table;
}
constexpr dk_model_v1 kTable = make_table();

}  // namespace broken

// Visible where the linker's version script lets it be.
extern "C" DK_EXPORT int another_symbol(void);
extern "C" int another_symbol(void) {
  return 1;
}

DYNKIT_PLUGIN(dynkit::detail::make_component(DK_MODEL_V1,
                                             {"org.example.broken", "1.0.0",
                                              "dx/dt = -a x + b sin(x) + C u"},
                                             broken::Model::kSettings, &broken::kTable))
