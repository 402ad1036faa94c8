// A fit as a problem of least squares, with its Jacobian by forward sensitivities.
//
//     L = 1/2 |r|^2,   r = sqrt(2 w m_k / count) (y_k+lag,i - d_ki),   then sqrt(lambda) v      (1)
//
// over the terms of an objective of squares (objective.hpp) and the penalties of parameters v.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "dynkit/host.h"
#include "fit.hpp"
#include "operations.hpp"

namespace dynkit::training {

/// Throws Error (DK_UNSUPPORTED) where a fit is none of least squares: terms that are not squared,
/// multiple shooting, the continuous adjoint.
void check_least_squares(const Fit& fit);

class ResidualPart;

/// On all threads; no bit depends on their number.
class Residuals {
 public:
  /// `trainable` in `variables` must stay as it is. The trials up to time T.
  Residuals(const Fit& fit, const VariableMap& map, const Variables& variables,
            const std::vector<std::int64_t>& trials, std::int64_t T, const dk_host& host);
  ~Residuals();

  std::int64_t count() const;
  /// Of the columns of J.
  const std::vector<std::int64_t>& variables() const { return free_; }

  /// r [count] and, unless NULL, J [count, variables] at other values of the variables.
  void evaluate(const Variables& variables, double* r, double* J);

 private:
  struct Span {
    std::int64_t first, size;  // of the trials
    std::int64_t row;          // of r
  };

  void evaluate_penalties(const Variables& variables, double* r, double* J) const;

  const Fit& fit_;
  const VariableMap map_;
  const std::vector<std::int64_t> trials_;
  const std::int64_t T_;
  const dk_host& host_;
  std::unique_ptr<Operations<double>> model_, readout_;
  std::vector<std::int64_t> free_, columns_;  // columns_: of each variable, -1: none
  std::vector<std::int64_t> parameters_;      // of the model that are trained
  std::vector<double> scales_;                // [terms] w / count
  std::vector<Span> spans_;
  std::int64_t compared_ = 0, penalized_ = 0;
  std::vector<std::map<std::int64_t, std::unique_ptr<ResidualPart>>> workers_;
  std::vector<double> theta_, readout_theta_;
};

}  // namespace dynkit::training
