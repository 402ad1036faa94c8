#include "tangent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "field.hpp"
#include "kernels/kernels.hpp"

namespace dynkit {
namespace {

void fill_nan(double* out, std::int64_t count) {
  std::fill(out, out + count, std::numeric_limits<double>::quiet_NaN());
}

bool all_finite(const double* values, std::int64_t count) {
  return std::all_of(values, values + count, [](double v) { return std::isfinite(v); });
}

}  // namespace

TangentField::TangentField(VectorField& field, std::int64_t K)
    : field_(field), info_(field.info()), K_(K) {
  if (K < 0) throw Error(DK_INVALID_ARGUMENT, fmt::format("{} tangents: at least 0", K));
  if (!info_.jvp && !info_.jacobian) {
    throw Error(DK_UNSUPPORTED, "tangents need a jvp or a Jacobian of the right-hand side");
  }
  points_.count = 1;
  points_.layout = DK_ROWS;
  points_.t.stride = points_.h.stride = 1;
  points_.x.stride = info_.n;
  if (!info_.jvp) {
    J_.resize(static_cast<std::size_t>(info_.n * info_.n));
    transposed_.resize(static_cast<std::size_t>(info_.n * round_up(info_.n)));
  }
}

void TangentField::eval(double t, const double* h, const double* x, const double* V, double* dx,
                        double* dV) {
  points_.t.data = &t;
  points_.h.data = h;
  points_.x.data = x;
  evaluate(field_, info_.n, points_, {dx, info_.n});
  tangents(V, dV);
}

void TangentField::eval_state(double t, const double* x, double* dx) {
  points_.t.data = &t;
  points_.x.data = x;
  evaluate(field_, info_.n, points_, {dx, info_.n});
}

void TangentField::jacobians(std::int64_t count, const double* t, const double* x,
                             std::int64_t stride, double* J) {
  const std::int64_t n = info_.n;
  dk_points points = points_;
  points.count = count;
  points.t = {t, 1};
  points.x = {x, stride};
  dk_error error;
  error.message[0] = '\0';
  const dk_status status = field_.jacobian(points, {J, n * n, n}, &error);
  if (status < 0) check(status, error);
  if (status > 0) fill_nan(J, count * n * n);
}

void TangentField::eval_tangents(double t, const double* x, const double* V, double* dV) {
  points_.t.data = &t;
  points_.x.data = x;
  tangents(V, dV);
}

void TangentField::tangents(const double* V, double* dV) {
  if (K_ == 0) return;
  const std::int64_t n = info_.n;
  dk_error error;
  error.message[0] = '\0';
  dk_status status = DK_OK;
  if (info_.jvp) {
    status = field_.jvp(points_, {K_, {V, K_ * n}, {}, {}}, {dV, K_ * n}, &error);
  } else {
    status = field_.jacobian(points_, {J_.data(), n * n, n}, &error);
    if (status == DK_OK) {
      kernels().tangent_product(n, K_, J_.data(), V, transposed_.data(), dV);
    }
  }
  if (status < 0) check(status, error);
  if (status > 0) fill_nan(dV, K_ * n);
}

TangentPropagator::TangentPropagator(VectorField& field, std::int64_t K,
                                     const IntegrationOptions& options) {
  check_options(options);
  switch (options.method) {
    case Method::rk4:
    case Method::tsit5:
    case Method::dop853:
      solver_ = make_explicit_tangents(field, K, options);
      break;
    case Method::adams:
    case Method::bdf:
      solver_ = make_cvodes_tangents(field, K, options);
      break;
    default:
      throw Error(DK_UNSUPPORTED, fmt::format("method '{}' does not carry tangents: 'rk4', "
                                              "'tsit5', 'dop853', 'adams' and 'bdf' do",
                                              method_name(options.method)));
  }
}

TangentPropagator::~TangentPropagator() = default;
TangentPropagator::TangentPropagator(TangentPropagator&&) noexcept = default;
TangentPropagator& TangentPropagator::operator=(TangentPropagator&&) noexcept = default;

TangentOutcome TangentPropagator::advance(double t0, double t1, const double* u, double* x,
                                          double* V) {
  if (!std::isfinite(t0) || !std::isfinite(t1) || t1 < t0) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("tangents from time {} to {}: times must not decrease", t0, t1));
  }
  if (t1 == t0) return {DK_REACHED_END, t0};
  return solver_->advance(t0, t1, u, x, V);
}

struct MapTangentPropagator::State {
  State(VectorField& field, std::int64_t K)
      : tangents(field, K),
        x(static_cast<std::size_t>(tangents.n())),
        V(static_cast<std::size_t>(tangents.n() * K)) {}

  TangentField tangents;
  std::vector<double> x, V;
};

MapTangentPropagator::MapTangentPropagator(VectorField& field, std::int64_t K)
    : state_(std::make_unique<State>(field, K)) {}
MapTangentPropagator::~MapTangentPropagator() = default;
MapTangentPropagator::MapTangentPropagator(MapTangentPropagator&&) noexcept = default;
MapTangentPropagator& MapTangentPropagator::operator=(MapTangentPropagator&&) noexcept = default;

TangentOutcome MapTangentPropagator::iterate(double t0, double h, std::int64_t steps,
                                             const double* u, double* x, double* V) {
  State& next = *state_;
  next.tangents.set_input(u);
  const auto n = static_cast<std::int64_t>(next.x.size());
  const auto size = static_cast<std::int64_t>(next.V.size());
  for (std::int64_t i = 0; i < steps; ++i) {
    const double t = t0 + static_cast<double>(i) * h;
    next.tangents.eval(t, &h, x, V, next.x.data(), next.V.data());
    if (!all_finite(next.x.data(), n) || !all_finite(next.V.data(), size)) {
      return {DK_NOT_FINITE, t};
    }
    std::copy(next.x.begin(), next.x.end(), x);
    std::copy(next.V.begin(), next.V.end(), V);
  }
  return {DK_REACHED_END, t0 + static_cast<double>(steps) * h};
}

}  // namespace dynkit
