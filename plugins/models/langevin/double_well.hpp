// Double wells, one for each position:
//
//     U(z) = sum_i b_i (z_i^2 / w_i^2 - 1)^2 + c_i z_i                                         (1)
//     grad_i U = 4 b_i / w_i (r^3 - r) + c_i,   r = z_i / w_i                                  (2)
//
// minima near z_i = -w_i and w_i, a barrier of height b_i between them, tilted by c_i.
//
//   theta = (b, w, c) [3k]   record = (z, grad U) [2k]
#pragma once

#include "dynkit/host.h"
#include "dynkit/parameter_blocks.hpp"
#include "potential.hpp"

namespace dynkit::langevin {

class DoubleWell {
 public:
  explicit DoubleWell(std::int64_t k) : k_(k) {}

  void add_blocks(ParameterBlocks& blocks) const;
  void draw(const dk_host& host, dk_stream& stream, double* theta) const;

  std::int64_t parameters() const { return 3 * k_; }
  std::int64_t prepared_size() const { return 0; }
  std::int64_t record_size() const { return 2 * k_; }
  std::int64_t gradient() const { return k_; }
  std::int64_t work_size(std::int64_t, std::int64_t) const { return 0; }

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
  std::int64_t k_;
};

}  // namespace dynkit::langevin
