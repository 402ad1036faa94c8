#include "system_equation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/error.hpp"

namespace dynkit::fixed_points {

namespace {

// What a call reports: errors are thrown; "may succeed elsewhere" is a point without a value.
void take(dk_status status, const dk_error& error, std::span<double> out) {
  if (status > 0) {
    std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
  } else {
    check(status, error);
  }
}

// product [n,n] = A B.
void multiply(std::span<const double> A, std::span<const double> B, std::size_t n,
              std::span<double> product) {
  std::ranges::fill(product, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t j = 0; j < n; ++j) product[i * n + j] += A[i * n + k] * B[k * n + j];
    }
  }
}

}  // namespace

SystemEquation::SystemEquation(const dk_system& system, std::span<const double> input,
                               std::int64_t period, Form form, std::vector<double> scale)
    : system_(system),
      input_(input.begin(), input.end()),
      period_(period),
      form_(form),
      scale_(std::move(scale)) {}

dk_points SystemEquation::points(const double* x) const {
  dk_points points{};
  points.count = 1;
  points.layout = DK_ROWS;
  if ((system_.info->flags & DK_USES_STEP) != 0) points.h = {&system_.info->step, 0};
  points.x = {x, system_.info->n};
  points.u = {input_.empty() ? nullptr : input_.data(), 0};
  return points;
}

void SystemEquation::evaluate(Call call, const double* x, std::span<double> out) const {
  const dk_points at = points(x);
  const dk_output output{out.data(), static_cast<std::int64_t>(out.size())};
  dk_error error{};
  take(call(&system_, &at, &output, &error), error, out);
}

void SystemEquation::differentiate(const double* x, std::span<double> J) const {
  const dk_points at = points(x);
  const std::int64_t n = size();
  const dk_matrices matrix{J.data(), n * n, n};
  dk_error error{};
  take(system_.jacobian(&system_, &at, DK_WRT_STATE, &matrix, &error), error, J);
}

void SystemEquation::step(std::span<const double> x, std::span<double> next) const {
  evaluate(system_.eval, x.data(), next);
}

// (1) of a map, with J the product of the Jacobians along the way, J - I; J empty: not wanted.
void SystemEquation::iterate(std::span<const double> x, std::span<double> r,
                             std::span<double> J) const {
  const std::size_t n = x.size();
  std::vector<double> here(x.begin(), x.end()), next(n), factor(J.size()), earlier(J.size());
  for (std::int64_t k = 0; k < period_; ++k) {
    if (!J.empty() && k == 0) {
      differentiate(here.data(), J);
    } else if (!J.empty()) {
      differentiate(here.data(), factor);
      std::ranges::copy(J, earlier.begin());
      multiply(factor, earlier, n, J);
    }
    step(here, next);
    here.swap(next);
  }
  for (std::size_t i = 0; i < n; ++i) {
    r[i] = here[i] - x[i];
    if (!J.empty()) J[i * n + i] -= 1;
  }
}

void SystemEquation::unscaled(std::span<const double> x, std::span<double> r,
                              std::span<double> J) const {
  if (period_ == 1 && form_ == Form::best) {
    if (J.empty()) {
      evaluate(system_.residual, x.data(), r);
      return;
    }
    const dk_points at = points(x.data());
    const std::int64_t n = size();
    const dk_output output{r.data(), n};
    const dk_matrices matrix{J.data(), n * n, n};
    dk_error error{};
    take(system_.linearized(&system_, &at, &output, &matrix, &error), error, r);
  } else if (system_.info->time_kind == DK_MAP) {
    iterate(x, r, J);
  } else {
    evaluate(system_.eval, x.data(), r);
    if (!J.empty()) differentiate(x.data(), J);
  }
}

void SystemEquation::apply(std::span<const double> z, std::span<double> r,
                           std::span<double> J) const {
  if (scale_.empty()) {
    unscaled(z, r, J);
    return;
  }
  const std::size_t n = z.size();
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = scale_[i] * z[i];
  unscaled(x, r, J);
  for (std::size_t i = 0; i < n; ++i) {
    r[i] /= scale_[i];
    if (J.empty()) continue;
    for (std::size_t j = 0; j < n; ++j) J[i * n + j] *= scale_[j] / scale_[i];
  }
}

void SystemEquation::residual(std::span<const double> z, std::span<double> r) const {
  apply(z, r, {});
}

void SystemEquation::linearized(std::span<const double> z, std::span<double> r,
                                std::span<double> J) const {
  apply(z, r, J);
}

std::vector<double> state_scale(const dk_system& system) {
  const double* scale = system.info->state_scale;
  if (scale == nullptr) return {};
  std::vector<double> values(scale, scale + system.info->n);
  const auto usable = [](double s) { return s > 0 && std::isfinite(s); };
  return std::ranges::all_of(values, usable) ? values : std::vector<double>{};
}

}  // namespace dynkit::fixed_points
