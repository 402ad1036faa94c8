// The two linear maps of a low-rank network, with theta laid out as parameter blocks.
//
//     lift      z = (kappa, v) -> h = m kappa + wi^T v      [R+M] -> [N]                       (1)
//     project   h -> q = n^T h                              [N] -> [R]                         (2)
//
//   m, n  [N,R]      wi [M,N]      bias [N] or absent      theta = (m, n, wi, bias)
//
// Each function adds to its result, for rows that share theta; the costs are O(N (R + M)) a row.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dynkit/matrix_product.hpp"
#include "dynkit/precision.hpp"

namespace dynkit::low_rank_rnn {

/// theta, or a tangent or cotangent of it, by block; bias NULL where there is none.
template <class Number>
struct Blocks {
  Number *m, *n, *wi, *bias;
};

/// The weights as factors on the right of rows: m^T and n^T [R,N], wi [M,N], n [N,R].
template <class Number>
struct RightFactors {
  MatrixOf<Number> m_t, n_t, wi, n;
};

class Factors {
 public:
  Factors(std::int64_t units, std::int64_t rank, std::int64_t inputs, bool bias)
      : units_(units), rank_(rank), inputs_(inputs), bias_(bias) {}

  std::int64_t units() const { return units_; }
  std::int64_t rank() const { return rank_; }
  std::int64_t inputs() const { return inputs_; }
  /// Numbers of z.
  std::int64_t width() const { return rank_ + inputs_; }
  std::int64_t parameters() const { return units_ * (2 * rank_ + inputs_ + (bias_ ? 1 : 0)); }
  std::int64_t prepared_size() const { return 2 * units_ * rank_; }

  template <class Number>
  Blocks<Number> blocks(Number* theta) const {
    Number* n = theta + units_ * rank_;
    Number* wi = n + units_ * rank_;
    return {theta, n, wi, bias_ ? wi + inputs_ * units_ : nullptr};
  }

  /// m^T, then n^T.
  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    const Blocks<const Number> block = blocks(theta);
    Number* n_t = prepared + rank_ * units_;
    for (std::int64_t i = 0; i < units_; ++i) {
      for (std::int64_t r = 0; r < rank_; ++r) {
        prepared[r * units_ + i] = block.m[i * rank_ + r];
        n_t[r * units_ + i] = block.n[i * rank_ + r];
      }
    }
  }

  template <class Number>
  RightFactors<Number> right(const Number* theta) const {
    const Blocks<const Number> block = blocks(theta);
    const MatrixOf<Number> m{block.m, rank_};
    const MatrixOf<Number> n{block.n, rank_};
    return {m.transposed(), n.transposed(), {block.wi, units_}, n};
  }
  /// The same bits with and without points.prepared.
  template <class Number>
  RightFactors<Number> right(const Points<Number>& points) const {
    RightFactors<Number> factors = right(points.theta.data);
    if (points.prepared == nullptr) return factors;
    const auto* prepared = static_cast<const Number*>(points.prepared);
    factors.m_t = {prepared, units_};
    factors.n_t = {prepared + rank_ * units_, units_};
    return factors;
  }

  /// h += (1): z [rows,R+M], h [rows,N].
  template <class Number>
  void lift(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> z,
            const RightFactors<Number>& weights, Number* h, std::int64_t stride) const {
    add_product(rows, units_, rank_, z, weights.m_t, h, stride);
    add_product(rows, units_, inputs_, z.from(0, rank_), weights.wi, h, stride);
  }

  /// z_bar += the adjoint of (1) on h_bar [rows,N].
  template <class Number>
  void lift_adjoint(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> h_bar,
                    const RightFactors<Number>& weights, Number* z_bar, std::int64_t stride) const {
    add_product(rows, rank_, units_, h_bar, weights.m_t.transposed(), z_bar, stride);
    add_product(rows, inputs_, units_, h_bar, weights.wi.transposed(), z_bar + rank_, stride);
  }

  /// m_bar += h_bar^T kappa and wi_bar += v^T h_bar, summed over the rows.
  template <class Number>
  void lift_to_parameters(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> h_bar,
                          std::type_identity_t<MatrixOf<Number>> z,
                          const Blocks<Number>& bar) const {
    add_product(units_, rank_, rows, h_bar.transposed(), z, bar.m, rank_);
    add_product(inputs_, units_, rows, z.from(0, rank_).transposed(), h_bar, bar.wi, units_);
  }

  /// q += (2): h [rows,N], q [rows,R].
  template <class Number>
  void project(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> h,
               const RightFactors<Number>& weights, Number* q, std::int64_t stride) const {
    add_product(rows, rank_, units_, h, weights.n, q, stride);
  }

  /// h_bar += n q_bar.
  template <class Number>
  void project_adjoint(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> q_bar,
                       const RightFactors<Number>& weights, Number* h_bar,
                       std::int64_t stride) const {
    add_product(rows, units_, rank_, q_bar, weights.n_t, h_bar, stride);
  }

  /// n_bar += h^T q_bar, summed over the rows.
  template <class Number>
  void project_to_parameters(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> h,
                             std::type_identity_t<MatrixOf<Number>> q_bar,
                             const Blocks<Number>& bar) const {
    add_product(units_, rank_, rows, h.transposed(), q_bar, bar.n, rank_);
  }

 private:
  std::int64_t units_, rank_, inputs_;
  bool bias_;
};

}  // namespace dynkit::low_rank_rnn
