// Where a low-rank network begins: parameters and a state drawn at random, and the box that it
// cannot leave.
#pragma once

#include "dynkit/host.h"
#include "low_rank_rnn.hpp"

namespace dynkit::low_rank_rnn {

/// m, wi and the part of n that does not depend on m standard normal, bias 0:
///     n = overlap m + independent numbers,   so n_r^T m_r / N = overlap + O(1 / sqrt(N)).
void draw_parameters(const Kernel& kernel, double overlap, const dk_host& host, dk_stream& stream,
                     double* theta);

/// kappa and v standard normal, lifted to x = m kappa + wi^T v in the full form.
void draw_state(const Kernel& kernel, const dk_host& host, dk_stream& stream, const double* theta,
                double* state);

/// For phi in [phi_lower, phi_upper] and without inputs: q of (1) lies in an interval, which traps
/// kappa, and the interval of m q traps x. lower, upper [states].
void trapping_box(const Kernel& kernel, const double* theta, double phi_lower, double phi_upper,
                  double* lower, double* upper);

}  // namespace dynkit::low_rank_rnn
