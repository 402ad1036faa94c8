// A quadratic potential, with a symmetric matrix made from a free one:
//
//     U(z) = 1/2 y^T S y,   y = z - c,   S = (A + A^T) / 2,   grad U = S y                     (1)
//
//   theta = (A [k,k], c [k])   record = (z, grad U, y) [3k]
#pragma once

#include "dynkit/host.h"
#include "dynkit/parameter_blocks.hpp"
#include "potential.hpp"

namespace dynkit::langevin {

class Quadratic {
 public:
  explicit Quadratic(std::int64_t k) : k_(k) {}

  void add_blocks(ParameterBlocks& blocks) const;
  void draw(const dk_host& host, dk_stream& stream, double* theta) const;

  std::int64_t parameters() const { return k_ * k_ + k_; }
  std::int64_t prepared_size() const { return 0; }
  std::int64_t record_size() const { return 3 * k_; }
  std::int64_t gradient() const { return k_; }
  std::int64_t work_size(std::int64_t S, std::int64_t K) const {
    return 2 * S * K * k_ + 4 * S * k_;
  }

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
