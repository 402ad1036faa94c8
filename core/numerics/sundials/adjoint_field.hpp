// Transposed derivatives as SUNDIALS' callbacks ask for them.
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/core/adjoint.hpp"
#include "sundials/handles.hpp"

namespace dynkit::sundials {

/// The field with a Jacobian: its own, or row by row from its transposed derivative.
class FieldWithJacobian : public VectorField {
 public:
  explicit FieldWithJacobian(TransposedField& field);

  TransposedField& own() const { return field_; }

  FieldInfo info() const override;
  dk_status eval(const dk_points& points, const dk_output& out, dk_error* error) override;
  /// Of a single point.
  dk_status jacobian(const dk_points& points, const dk_matrices& J, dk_error* error) override;

 private:
  TransposedField& field_;
  std::vector<double> identity_;  // [n,n]
};

// For callbacks: 0, 1 where there are no finite values, -1 to end the run.
int ask_for_transpose(Problem& problem, TransposedField& field, const dk_points& points,
                      const dk_cotangents& cotangents);
int ask_for_jacobian(Problem& problem, VectorField& field, const dk_points& points,
                     const dk_matrices& J);

}  // namespace dynkit::sundials
