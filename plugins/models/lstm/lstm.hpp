// Long short-term memory, in the form of PyTorch's LSTM and LSTMCell.
//
//     (a_i, a_f, a_g, a_o) = W_hh h + b_hh + W_ih u + b_ih                                     (1)
//     i, f, o = sigmoid(a_i, a_f, a_o),   g = tanh(a_g)                                        (2)
//     c' = f c + i g,   h' = o tanh(c')                                                        (3)
//
// Hochreiter and Schmidhuber, "Long short-term memory", Neural Comput. 9, 1735 (1997), with the
// forget gate of Gers, Schmidhuber and Cummins, Neural Comput. 12, 2451 (2000).
//
//   x = (h, c) [S,2n]   state          W_hh [4n,n]   b_hh, b_ih [4n]
//   u [S,m]             input          W_ih [4n,m]   theta = (W_ih, W_hh, b_ih, b_hh)
//
// The record of a row is i, f, g, o, y = tanh(c') [5n].
#pragma once

#include <cstdint>

#include "dynkit/precision.hpp"
#include "dynkit/recurrent_sums.hpp"

namespace dynkit::lstm {

class Kernel {
 public:
  Kernel(std::int64_t n, std::int64_t m) : n_(n), sums_(4 * n, n, m, 2 * n) {}

  const RecurrentSums& sums() const { return sums_; }

  std::int64_t record_size() const { return 5 * n_; }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    const bool directed = operation == DK_JVP || operation == DK_VJP;
    return directed ? S * K * 4 * n_ : 0;
  }
  std::int64_t prepared_size() const { return sums_.prepared_size(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    sums_.prepare(theta, prepared);
  }
  template <class Number>
  void activate(const Points<Number>& points, Number* record) const;
  template <class Number>
  void eval(const Points<Number>& points, const Number* record, const Output<Number>& out) const;
  template <class Number>
  void jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt, Number* work,
                const Matrices<Number>& J) const;
  template <class Number>
  void jvp(const Points<Number>& points, const Number* record, const Tangents<Number>& tangents,
           Number* work, const Output<Number>& out) const;
  template <class Number>
  void vjp(const Points<Number>& points, const Number* record, const Cotangents<Number>& cotangents,
           Number* work) const;

 private:
  std::int64_t n_;
  RecurrentSums sums_;
};

}  // namespace dynkit::lstm
