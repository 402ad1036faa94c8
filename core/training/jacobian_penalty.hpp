// A penalty on how strongly a model stretches its states, along the trajectories of a fit.
//
//     P = lambda / (2 count) sum_s sum_k |J(x_k)|_F^2,   J = dF/dx or df/dx                     (1)
//
// over trials s and times k, estimated by |J^T w|^2, w a vector of random signs, which has the mean
// |J|_F^2 (M. F. Hutchinson, Communications in Statistics 18, 1059 (1989); C. Finlay et al., ICML
// 2020). With g = J^T w the gradient is one of the second derivative along g, by central
// differences of the model's vjp:
//
//     d |g|^2 / d(x, theta) = 2 d/de vjp(x + e g; w) at e = 0                                  (2)
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/host.h"
#include "operations.hpp"
#include "rollout.hpp"

namespace dynkit::training {

/// For S trials at a time. One object is used by one thread at a time.
template <class Number>
class JacobianPenalty {
 public:
  /// `model` must outlive it.
  JacobianPenalty(const Operations<Number>& model, std::int64_t S);

  /// Signs of trial s at time k are those of `stream`, split by s and by k.
  void begin(const dk_stream& stream, const std::int64_t* trials, double lambda_over_count);

  /// What the states x [S,n] at time k add to P; adds the gradient to x_bar [S,n] and theta_bar
  /// [p].
  double add(const RolloutData<Number>& data, std::int64_t k, const Number* x, Number* x_bar,
             Number* theta_bar);

 private:
  void draw_signs(std::int64_t k);
  double set_directions();
  void add_difference(Points<Number> points, double side, const Number* x, Number* x_bar,
                      Number* theta_bar);

  const Operations<Number>& model_;
  const std::int64_t S_, n_;
  dk_stream stream_{};
  const std::int64_t* trials_ = nullptr;
  double scale_ = 0.0;
  std::vector<double> signs_;                            // w [n] of a row
  std::vector<double> t_, h_, step_;                     // [S]
  std::vector<Number> w_, g_, moved_, cotangent_, bar_;  // [S,n]
};

}  // namespace dynkit::training
