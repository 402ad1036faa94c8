// Locally coupled oscillators, the potential of LangevinFlow: z in G groups of L = k/G positions
// each, coupled within and between groups to the next neighbors along the groups.
//
//     N[a,c,:] = K[a,c,:] / sqrt(|K[a,c,:]|^2 + e^2),   e = 1e-8                               (1)
//     (N * z)_a[l] = sum_c sum_d N[a,c,d] z_c[l + d - 1],   z = 0 outside                      (2)
//     U(z) = sum_a sum_b <(N * z)_a, z_b>                                                      (3)
//
// (2) is PyTorch's conv1d with padding 1. The double sum of (3) couples every filtered group to all
// groups, so only k[c,d] = sum_a N[a,c,d] matters: with Z = sum_b z_b,
//
//     U = <Y, Z>,   Y[l] = sum_c sum_d k[c,d] z_c[l + d - 1]                                   (4)
//     grad_c U [l] = Y[l] + sum_d k[c,d] Z[l - d + 1]                                          (5)
//
// a linear function of z that is written H(k) z. U has no lower bound in general. Song, Keller,
// Yue, Perona and Welling, "LangevinFlow", CCN 2025, who divide by max(|K|, 1e-12): (1) differs
// where K is nearly zero, and is smooth there.
//
//   theta = K [G,G,3]   record = (z, grad U, k, Z, Y) [2k + 3G + 2L]
#pragma once

#include "dynkit/host.h"
#include "dynkit/parameter_blocks.hpp"
#include "potential.hpp"

namespace dynkit::langevin {

class Oscillators {
 public:
  /// `groups` divides k.
  Oscillators(std::int64_t k, std::int64_t groups) : k_(k), groups_(groups), length_(k / groups) {}

  void add_blocks(ParameterBlocks& blocks) const;
  void draw(const dk_host& host, dk_stream& stream, double* theta) const;

  std::int64_t parameters() const { return 3 * groups_ * groups_; }
  std::int64_t prepared_size() const { return 0; }
  std::int64_t record_size() const { return 2 * k_ + 3 * groups_ + 2 * length_; }
  std::int64_t gradient() const { return k_; }
  std::int64_t work_size(std::int64_t, std::int64_t) const { return 3 * groups_ + 2 * length_; }

  template <class Number>
  void prepare(const Number*, Number*) const {}
  template <class Number>
  void activate(std::int64_t S, Weights<Number> weights, Number* record, std::int64_t stride) const;
  template <class Number>
  void hessian(const Records<Number>& one, Number* H, std::int64_t row_stride, Number* work) const;
  template <class Number>
  void jvp(const Records<Number>& records, std::int64_t K, Directions<const Number> z_dot,
           Directions<const Number> theta_dot, Directions<Number> g_dot, Number* work) const;
  template <class Number>
  void vjp(const Records<Number>& records, std::int64_t K, const Number* g_bar,
           Directions<Number> theta_bar, Directions<Number> z_bar, Number* work) const;

 private:
  // to += H(kernel) z of (5); leaves Z and Y.
  template <class Number>
  void add_gradient(const Number* kernel, const Number* z, Number* Z, Number* Y, Number* to) const;
  // Where k, Z and Y stand in a record.
  std::int64_t kernel() const { return 2 * k_; }
  std::int64_t sums() const { return 2 * k_ + 3 * groups_; }
  std::int64_t filtered() const { return sums() + length_; }

  std::int64_t k_, groups_, length_;
};

}  // namespace dynkit::langevin
