#include "sundials/adjoint_field.hpp"

#include "sundials/field_call.hpp"

namespace dynkit::sundials {

FieldWithJacobian::FieldWithJacobian(TransposedField& field) : field_(field) {
  const std::int64_t n = field.info().n;
  if (field.info().jacobian) return;
  identity_.resize(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i) identity_[static_cast<std::size_t>(i * n + i)] = 1.0;
}

FieldInfo FieldWithJacobian::info() const {
  FieldInfo info = field_.info();
  info.jacobian = true;
  return info;
}

dk_status FieldWithJacobian::eval(const dk_points& points, const dk_output& out, dk_error* error) {
  return field_.eval(points, out, error);
}

dk_status FieldWithJacobian::jacobian(const dk_points& points, const dk_matrices& J,
                                      dk_error* error) {
  if (identity_.empty()) return field_.jacobian(points, J, error);
  const std::int64_t n = field_.info().n;
  dk_points same = points;  // n times
  same.count = n;
  same.t.stride = same.x.stride = same.u.stride = 0;
  dk_cotangents rows{};
  rows.count = 1;
  rows.out = {identity_.data(), n};
  rows.x = {J.data, J.row_stride};
  return field_.vjp(same, rows, error);
}

int ask_for_transpose(Problem& problem, TransposedField& field, const dk_points& points,
                      const dk_cotangents& cotangents) {
  const int flag =
      ask(problem, [&](dk_error* error) { return field.vjp(points, cotangents, error); });
  if (flag != 0) return flag;
  const bool finite = all_finite(cotangents.x.data, problem.info.n) &&
                      all_finite(cotangents.theta.data, field.parameters());
  return finite ? 0 : kTrySmallerStep;
}

int ask_for_jacobian(Problem& problem, VectorField& field, const dk_points& points,
                     const dk_matrices& J) {
  const int flag = ask(problem, [&](dk_error* error) { return field.jacobian(points, J, error); });
  if (flag != 0) return flag;
  return all_finite(J.data, problem.info.n * problem.info.n) ? 0 : kTrySmallerStep;
}

}  // namespace dynkit::sundials
