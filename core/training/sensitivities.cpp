#include "sensitivities.hpp"

#include <algorithm>

#include "dynkit/core/workspace.hpp"

namespace dynkit::training {
namespace {

// out [n,K] = J [n,n] X [n,K] + [B 0], B the given columns of `by_parameters` [n,p].
void advance(std::int64_t n, std::int64_t K, std::int64_t p, const double* J, const double* X,
             const double* by_parameters, const std::vector<std::int64_t>& columns, double* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    double* row = out + i * K;
    double* end = std::transform(columns.begin(), columns.end(), row, [&](std::int64_t column) {
      return by_parameters[i * p + column];
    });
    std::fill(end, row + K, 0.0);
    for (std::int64_t j = 0; j < n; ++j) {
      const double factor = J[i * n + j];
      const double* other = X + j * K;
      for (std::int64_t k = 0; k < K; ++k) row[k] += factor * other[k];
    }
  }
}

}  // namespace

Operations<double>::Sizes Sensitivities::sizes() const {
  const Sizes of_model = model_.sizes();
  const std::int64_t n = of_model.n * (1 + K_);
  return {n, of_model.m, of_model.p, n};
}

void Sensitivities::eval(const dk_points& points, double* out) const {
  thread_local Workspace workspace;
  const Sizes of_model = model_.sizes();
  const std::int64_t n = of_model.n, p = of_model.p, S = points.count, width = n * (1 + K_);
  double* values = workspace.doubles(S * n * (1 + n + p));
  double* by_state = values + S * n;
  double* by_parameters = by_state + S * n * n;
  model_.eval(points, values);
  model_.jacobian(points, DK_WRT_STATE, by_state);
  if (!parameters_.empty()) model_.jacobian(points, DK_WRT_PARAMETERS, by_parameters);
  for (std::int64_t s = 0; s < S; ++s) {
    const double* X = points.x.data + s * points.x.stride + n;
    double* row = std::copy_n(values + s * n, n, out + s * width);
    advance(n, K_, p, by_state + s * n * n, X, by_parameters + s * n * p, parameters_, row);
  }
}

void Sensitivities::vjp(const dk_points&, const dk_cotangents&) const {
  throw Error(DK_UNSUPPORTED, "sensitivities have no vjp: second derivatives are not known");
}

}  // namespace dynkit::training
