// A map and a readout with dynkit.f32/1, and one flaw in single precision, named by the macro FLAW;
// `none` are good ones.
//
//     out = tanh(W x + C u + b)     theta = (W [q,n], C [q,m], b [q])
//
// The map has n = q = 3, m = 2, the readout n = 4, q = 2, m = 0 and no Jacobian of its own.
#include "dynkit/f32.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "dynkit/component.hpp"

namespace broken {

enum Flaw {
  none,
  wrong_sign,
  small_error,
  forgets_stride,
  forgets_row_stride,
  past_scratch,
  past_result,
  leaves_input_bar,
  stale_tape,
  prepared_not_transposed,
  reads_scratch,
  forgets_start,
  nan_is_lost,
  jacobian_of_its_own,
};
constexpr bool is(Flaw flaw) {
  return flaw == FLAW;
}

template <class Argument>
using NumberOf = std::remove_cvref_t<decltype(*Argument{}.data)>;

// Whether these numbers are those with the flaw.
template <class Number>
constexpr bool has(Flaw flaw) {
  return is(flaw) && std::is_same_v<Number, float>;
}

template <class Argument>
auto row(const Argument& argument, std::int64_t s) {
  return argument.data == nullptr ? nullptr : argument.data + s * argument.stride;
}

// Operations of both precisions: their arguments say which.
template <std::int64_t q, std::int64_t n, std::int64_t m>
class Layer {
 public:
  static constexpr std::span<const dk_setting> kSettings = dynkit::kNoSettings;
  static constexpr std::int64_t kP = q * (n + m + 1);

  template <class Number = double>
  std::int64_t scratch_size(std::int32_t operation, std::int64_t, std::int64_t) const {
    return operation == DK_VJP ? q * std::int64_t{sizeof(Number)} : 0;
  }
  template <class Number = double>
  std::int64_t prepared_size() const {
    return n * q * std::int64_t{sizeof(Number)};
  }
  template <class Number = double>
  std::int64_t tape_size(std::int64_t S) const {
    return S * q * std::int64_t{sizeof(Number)};
  }

  // W^T [n,q]
  template <class Number>
  void prepare(const Number* theta, void* prepared) const {
    auto* transposed = static_cast<Number*>(prepared);
    for (std::int64_t k = 0; k < n * q; ++k) {
      const bool flawed = has<Number>(prepared_not_transposed);
      transposed[k] = flawed ? theta[k] : theta[k % q * n + k / q];
    }
  }

  template <class Points, class Output>
  void eval(const Points& points, const Output& out) const {
    using Number = NumberOf<Output>;
    auto* tape = static_cast<Number*>(points.tape);
    for (std::int64_t s = 0; s < points.count; ++s) {
      for (std::int64_t i = 0; i < q; ++i) {
        const Number value = activation(points, s, i);
        if (tape != nullptr) tape[s * q + i] = has<Number>(stale_tape) ? value / 2 : value;
        row(out, s)[i] = value;
      }
      if (has<Number>(past_result)) row(out, s)[q] = 0;
    }
  }

  template <class Points, class Matrices>
  void slopes(const Points& points, std::int32_t wrt, const Matrices& J) const {
    using Number = NumberOf<Matrices>;
    const std::int64_t width = wrt == DK_WRT_STATE ? n : wrt == DK_WRT_INPUT ? m : kP;
    const std::int64_t step = has<Number>(forgets_row_stride) ? width : J.row_stride;
    for (std::int64_t s = 0; s < points.count; ++s) {
      const Number* theta = row(points.theta, s);
      const Number* x = row(points.x, s);
      const Number* u = row(points.u, s);
      for (std::int64_t i = 0; i < q; ++i) {
        Number* to = J.data + s * J.sample_stride + i * step;
        const Number slope = slope_at(points, s, i);
        if (wrt != DK_WRT_PARAMETERS) {
          const Number* weights = wrt == DK_WRT_STATE ? theta + i * n : theta + q * n + i * m;
          for (std::int64_t j = 0; j < width; ++j) to[j] = slope * weights[j];
          continue;
        }
        std::fill_n(to, kP, Number{0});
        for (std::int64_t j = 0; j < n; ++j) to[i * n + j] = slope * x[j];
        for (std::int64_t j = 0; j < m; ++j) {
          to[q * n + i * m + j] = u != nullptr ? slope * u[j] : 0;
        }
        to[q * (n + m) + i] = slope;
      }
    }
  }

  template <class Points, class Tangents, class Output>
  void jvp(const Points& points, const Tangents& along, const Output& out) const {
    using Number = NumberOf<Output>;
    for (std::int64_t s = 0; s < points.count; ++s) {
      const Number* theta = row(points.theta, s);
      for (std::int64_t k = 0; k < along.count; ++k) {
        const Number* x_dot = direction(along.x, s, k, n);
        const Number* u_dot = direction(along.u, s, k, m);
        const Number* theta_dot = direction(along.theta, s, k, kP);
        for (std::int64_t i = 0; i < q; ++i) {
          Number a_dot = 0;
          if (x_dot != nullptr) a_dot += product(theta + i * n, x_dot, n);
          if (u_dot != nullptr) a_dot += product(theta + q * n + i * m, u_dot, m);
          if (theta_dot != nullptr) {
            a_dot += product(theta_dot + i * n, row(points.x, s), n) + theta_dot[q * (n + m) + i];
            const Number* u = row(points.u, s);
            if (u != nullptr) a_dot += product(theta_dot + q * n + i * m, u, m);
          }
          if (has<Number>(small_error)) a_dot *= Number{1.0003F};
          row(out, s)[k * q + i] = slope_at(points, s, i) * a_dot;
        }
      }
    }
  }

  template <class Points, class Cotangents>
  void vjp(const Points& points, const Cotangents& bars) const {
    using Number = NumberOf<decltype(bars.out)>;
    auto* a_bar = static_cast<Number*>(points.scratch);
    for (std::int64_t s = 0; s < points.count; ++s) {
      for (std::int64_t k = 0; k < bars.count; ++k) {
        for (std::int64_t i = 0; i < q; ++i) {
          const Number from = has<Number>(reads_scratch) ? a_bar[i] * 0 : 0;
          a_bar[i] = from + slope_at(points, s, i) * row(bars.out, s)[k * q + i];
        }
        if (has<Number>(past_scratch)) a_bar[q] = 0;
        const Number* theta = row(points.theta, s);
        pull(a_bar, theta, n, direction(bars.x, s, k, n), has<Number>(wrong_sign) ? -1 : 1);
        if (!has<Number>(leaves_input_bar)) {
          pull(a_bar, theta + q * n, m, direction(bars.u, s, k, m), 1);
        }
        if (bars.theta.data != nullptr) add_theta(points, s, a_bar, bars.theta, k);
      }
    }
  }

 private:
  // Those of direction k of sample s.
  template <class Argument>
  static auto direction(const Argument& all, std::int64_t s, std::int64_t k, std::int64_t width) {
    return all.data == nullptr ? nullptr : row(all, s) + k * width;
  }

  template <class Number>
  static Number product(const Number* a, const Number* b, std::int64_t count) {
    Number sum = 0;
    for (std::int64_t j = 0; j < count; ++j) sum += a[j] * b[j];
    return sum;
  }

  template <class Points>
  auto activation(const Points& points, std::int64_t s, std::int64_t i) const {
    using Number = NumberOf<decltype(points.x)>;
    const Number* theta = row(points.theta, s);
    const bool flawed = has<Number>(forgets_stride) && points.x.stride != 0;
    const Number* x = flawed ? points.x.data + s * n : row(points.x, s);
    const Number* u = row(points.u, s);
    const auto* transposed = static_cast<const Number*>(points.prepared);
    Number a = theta[q * (n + m) + i];
    for (std::int64_t j = 0; j < n; ++j) {
      a += (transposed != nullptr ? transposed[j * q + i] : theta[i * n + j]) * x[j];
    }
    if (u != nullptr) a += product(theta + q * n + i * m, u, m);
    if (has<Number>(nan_is_lost)) a = a > -20 && a < 20 ? a : Number{20};
    return std::tanh(a);
  }

  template <class Points>
  auto slope_at(const Points& points, std::int64_t s, std::int64_t i) const {
    using Number = NumberOf<decltype(points.x)>;
    const auto* tape = static_cast<const Number*>(points.tape);
    const Number c = tape != nullptr ? tape[s * q + i] : activation(points, s, i);
    return 1 - c * c;
  }

  // v_bar = sign * A^T a_bar, A [q,width]
  template <class Number>
  static void pull(const Number* a_bar, const Number* A, std::int64_t width, Number* v_bar,
                   int sign) {
    for (std::int64_t j = 0; v_bar != nullptr && j < width; ++j) {
      v_bar[j] = 0;
      for (std::int64_t i = 0; i < q; ++i) {
        v_bar[j] += static_cast<Number>(sign) * a_bar[i] * A[i * width + j];
      }
    }
  }

  template <class Points, class Number, class Output>
  static void add_theta(const Points& points, std::int64_t s, const Number* a_bar,
                        const Output& total, std::int64_t k) {
    Number* theta_bar = direction(total, s, k, kP);
    if (has<Number>(forgets_start) && (s == 0 || total.stride != 0)) {
      std::fill_n(theta_bar, kP, Number{0});
    }
    const Number* u = row(points.u, s);
    for (std::int64_t i = 0; i < q; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        theta_bar[i * n + j] += a_bar[i] * row(points.x, s)[j];
      }
      for (std::int64_t j = 0; u != nullptr && j < m; ++j) {
        theta_bar[q * n + i * m + j] += a_bar[i] * u[j];
      }
      theta_bar[q * (n + m) + i] += a_bar[i];
    }
  }
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Own>
constexpr dk_f32_v1 make_f32_table(bool with_jacobian) {
  dk_f32_v1 table{};
  table.scratch_size = [](const void* self, std::int32_t operation, std::int64_t S,
                          std::int64_t K) {
    return static_cast<const Own*>(self)->template scratch_size<float>(operation, S, K);
  };
  table.prepared_size = [](const void* self) {
    return static_cast<const Own*>(self)->template prepared_size<float>();
  };
  table.tape_size = [](const void* self, std::int64_t S) {
    return static_cast<const Own*>(self)->template tape_size<float>(S);
  };
  table.prepare = [](const void* self, const float* theta, void* prepared, dk_error* error) {
    return dynkit::guard(error, [&] { static_cast<const Own*>(self)->prepare(theta, prepared); });
  };
  table.eval = [](const void* self, const dk_points_f32* points, const dk_output_f32* out,
                  dk_error* error) {
    return dynkit::guard(error, [&] { static_cast<const Own*>(self)->eval(*points, *out); });
  };
  table.jvp = [](const void* self, const dk_points_f32* points, const dk_tangents_f32* along,
                 const dk_output_f32* out, dk_error* error) {
    return dynkit::guard(error, [&] { static_cast<const Own*>(self)->jvp(*points, *along, *out); });
  };
  table.vjp = [](const void* self, const dk_points_f32* points, const dk_cotangents_f32* bars,
                 dk_error* error) {
    return dynkit::guard(error, [&] { static_cast<const Own*>(self)->vjp(*points, *bars); });
  };
  if (!with_jacobian) return table;
  table.jacobian = [](const void* self, const dk_points_f32* points, std::int32_t wrt,
                      const dk_matrices_f32* J, dk_error* error) {
    return dynkit::guard(error, [&] { static_cast<const Own*>(self)->slopes(*points, wrt, *J); });
  };
  return table;
}

class Map : public Layer<3, 3, 2> {
 public:
  Map(const dk_host&, const dynkit::Settings&) {
    info_ = {DK_MAP,
             DK_REENTRANT,
             DK_BATCH_EXACT,
             3,
             2,
             kP,
             std::numeric_limits<double>::quiet_NaN(),
             1,
             &kBlock,
             nullptr,
             nullptr,
             nullptr};
  }

  const dk_model_info& info() const { return info_; }
  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    slopes(points, wrt, J);
  }
  const void* extension(std::string_view id) const;

 private:
  static constexpr dk_block kBlock = {"theta", nullptr,    0,         1,    1,
                                      {kP},    -kInfinity, kInfinity, "all"};
  dk_model_info info_{};
};

class Readout : public Layer<2, 4, 0> {
 public:
  Readout(const dk_host&, const dynkit::Settings&) {
    info_ = {DK_REENTRANT, DK_BATCH_EXACT, 4, 2, kP, 1, &kBlock, nullptr};
  }

  const dk_readout_info& info() const { return info_; }
  const void* extension(std::string_view id) const;

 private:
  static constexpr dk_block kBlock = {"theta", nullptr,    0,         1,    1,
                                      {kP},    -kInfinity, kInfinity, "all"};
  dk_readout_info info_{};
};

constexpr dk_f32_v1 kMapTable = make_f32_table<Map>(true);
constexpr dk_f32_v1 kReadoutTable = make_f32_table<Readout>(is(jacobian_of_its_own));

const void* Map::extension(std::string_view id) const {
  return id == DK_F32_V1 ? &kMapTable : nullptr;
}

const void* Readout::extension(std::string_view id) const {
  return id == DK_F32_V1 ? &kReadoutTable : nullptr;
}

}  // namespace broken

DYNKIT_PLUGIN(dynkit::model_component<broken::Map>({"org.example.map", "1.0.0",
                                                    "x' = tanh(W x + C u + b)"}),
              dynkit::readout_component<broken::Readout>({"org.example.readout", "1.0.0",
                                                          "y = tanh(W z + b)"}))
