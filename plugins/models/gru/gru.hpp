// Gated recurrent unit, in the form of PyTorch's GRU and GRUCell.
//
//     r  = sigmoid(W_ir u + b_ir + W_hr x + b_hr)                                              (1)
//     z  = sigmoid(W_iz u + b_iz + W_hz x + b_hz)                                              (2)
//     q  = W_hn x + b_hn                                                                       (3)
//     c  = tanh(W_in u + b_in + r * q)                                                         (4)
//     x' = (1 - z) * c + z * x                                                                 (5)
//
// Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
// translation", EMNLP 2014. There the reset gate acts on x before the product, W_hn (r * x); here,
// as in PyTorch and cuDNN, on the product with its bias.
//
//   x  [S,n]   state             W_ih  [3n,m]   W_ir, W_iz, W_in, one above the other
//   u  [S,m]   input             W_hh  [3n,n]   W_hr, W_hz, W_hn
//   gates [S,4n]  r, z, q, c     b_ih, b_hh [3n]
//   theta = (W_ih, W_hh, b_ih, b_hh), p = 3n (n + m + 2)
//
// Every function works on points with a shared theta. Cost O(S n (n + m)) a direction, of a
// Jacobian O(S n^2).
#pragma once

#include <cstdint>

#include "dynkit/precision.hpp"

namespace dynkit::gru {

struct Sizes {
  std::int64_t n, m;

  std::int64_t parameters() const { return 3 * n * (n + m + 2); }
  std::int64_t prepared() const { return 3 * n * (n + m) + 4 * n; }
};

/// Fills prepared: W_hh transposed [n,3n], W_ih transposed [m,3n], and the biases of the gates'
/// sums [4n] (b_ir + b_hr, b_iz + b_hz, b_hn, b_in).
template <class Number>
void prepare(Sizes sizes, const Number* theta, Number* prepared);

/// What of the gates is wanted: the balanced residual needs no z.
enum class Gates { all, without_update };

/// (1) to (4). The result has the same bits with and without points.prepared.
template <class Number>
void compute_gates(Sizes sizes, const Points<Number>& points, Gates wanted, Number* gates);

/// (5)
template <class Number>
void step(Sizes sizes, const Points<Number>& points, const Number* gates,
          const Output<Number>& x_next);

/// [S,n,n], [S,n,m] and [S,n,p]. work [4n]
template <class Number>
void state_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates, Number* work,
                    const Matrices<Number>& J);
template <class Number>
void input_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates, Number* work,
                    const Matrices<Number>& J);
template <class Number>
void parameter_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates,
                        Number* work, const Matrices<Number>& J);

/// work [S*K,4n]
template <class Number>
void jvp(Sizes sizes, const Points<Number>& points, const Number* gates,
         const Tangents<Number>& tangents, Number* work, const Output<Number>& out);
template <class Number>
void vjp(Sizes sizes, const Points<Number>& points, const Number* gates,
         const Cotangents<Number>& cotangents, Number* work);

/// The balanced residual c - x, zero where x' - x = (1 - z) * (c - x) is, and its derivative.
template <class Number>
void residual(Sizes sizes, const Points<Number>& points, const Number* gates,
              const Output<Number>& r);
template <class Number>
void residual_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates,
                       const Matrices<Number>& J);

/// The GRU as a kernel of dynkit/network_model.hpp: the record of a row is its gates.
class Kernel {
 public:
  explicit Kernel(Sizes sizes) : sizes_(sizes) {}

  Sizes sizes() const { return sizes_; }
  std::int64_t record_size() const { return 4 * sizes_.n; }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    const bool directed = operation == DK_JVP || operation == DK_VJP;
    return 4 * sizes_.n * (directed ? S * K : operation == DK_JACOBIAN ? 1 : 0);
  }
  std::int64_t prepared_size() const { return sizes_.prepared(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    gru::prepare(sizes_, theta, prepared);
  }
  template <class Number>
  void activate(const Points<Number>& points, Number* record) const {
    compute_gates<Number>(sizes_, points, Gates::all, record);
  }
  template <class Number>
  void eval(const Points<Number>& points, const Number* record, const Output<Number>& out) const {
    step<Number>(sizes_, points, record, out);
  }
  template <class Number>
  void jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt, Number* work,
                const Matrices<Number>& J) const {
    const auto function = wrt == DK_WRT_STATE   ? state_jacobian<Number>
                          : wrt == DK_WRT_INPUT ? input_jacobian<Number>
                                                : parameter_jacobian<Number>;
    function(sizes_, points, record, work, J);
  }
  template <class Number>
  void jvp(const Points<Number>& points, const Number* record, const Tangents<Number>& tangents,
           Number* work, const Output<Number>& out) const {
    gru::jvp<Number>(sizes_, points, record, tangents, work, out);
  }
  template <class Number>
  void vjp(const Points<Number>& points, const Number* record, const Cotangents<Number>& cotangents,
           Number* work) const {
    gru::vjp<Number>(sizes_, points, record, cotangents, work);
  }

 private:
  Sizes sizes_;
};

}  // namespace dynkit::gru
