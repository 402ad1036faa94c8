// The sums under the gates of a recurrent network, with PyTorch's parameters.
//
//     a = W_hh h + b_hh + W_ih u + b_ih                                                        (1)
//     tangent    a_dot = W_hh h_dot + W_ih u_dot + W_hh_dot h + W_ih_dot u + b_hh_dot + b_ih_dot
//     cotangent  h_bar += W_hh^T a_bar     W_hh_bar += a_bar h^T     b_hh_bar += a_bar         (2)
//                u_bar  = W_ih^T a_bar     W_ih_bar += a_bar u^T     b_ih_bar += a_bar
//
//   h [S,n]  the first n numbers of the state x     W_hh [q,n]   b_hh, b_ih [q]
//   u [S,m]  input                                  W_ih [q,m]   theta = (W_ih, W_hh, b_ih, b_hh)
//
// q is n for an Elman network, 4n for an LSTM. Points share theta; K rows of tangents or cotangents
// for each sample stand one after the other, `stride` apart.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dynkit/matrix_product.hpp"
#include "dynkit/precision.hpp"
#include "dynkit/views.hpp"

namespace dynkit {

class RecurrentSums {
 public:
  /// `state` numbers in x, of which the first n are h.
  RecurrentSums(std::int64_t q, std::int64_t n, std::int64_t m, std::int64_t state)
      : q_(q), n_(n), m_(m), state_(state) {}

  std::int64_t inputs() const { return m_; }
  std::int64_t parameters() const { return q_ * (n_ + m_ + 2); }
  std::int64_t prepared_size() const { return q_ * (n_ + m_ + 1); }

  /// theta, or a tangent or cotangent of it, by block.
  template <class Number>
  struct Blocks {
    Number *W_ih, *W_hh, *b_ih, *b_hh;
  };
  template <class Number>
  Blocks<Number> blocks(Number* theta) const {
    return {theta, theta + q_ * m_, theta + q_ * (m_ + n_), theta + q_ * (m_ + n_ + 1)};
  }

  /// W_hh transposed [n,q], W_ih transposed [m,q], b_hh + b_ih [q].
  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    const Blocks<const Number> block = blocks(theta);
    Number* W_ih_t = prepared + q_ * n_;
    Number* biases = W_ih_t + q_ * m_;
    for (std::int64_t i = 0; i < q_; ++i) {
      for (std::int64_t j = 0; j < n_; ++j) prepared[j * q_ + i] = block.W_hh[i * n_ + j];
      for (std::int64_t j = 0; j < m_; ++j) W_ih_t[j * q_ + i] = block.W_ih[i * m_ + j];
      biases[i] = block.b_ih[i] + block.b_hh[i];
    }
  }

  /// (1). The same bits with and without points.prepared.
  template <class Number>
  void fill(const Points<Number>& points, Number* sums, std::int64_t stride) const {
    if (points.prepared != nullptr) {
      std::copy_n(static_cast<const Number*>(points.prepared) + q_ * (n_ + m_), q_, sums);
    } else {
      const Blocks<const Number> block = blocks(points.theta.data);
      for (std::int64_t i = 0; i < q_; ++i) sums[i] = block.b_ih[i] + block.b_hh[i];
    }
    for (std::int64_t s = 1; s < points.count; ++s) std::copy_n(sums, q_, sums + s * stride);
    add_weighted(points.count, rows_of(points.x), rows_of(points.u), transposed<Number>(points),
                 sums, stride);
  }

  /// a_dot [S*K,q]
  template <class Number>
  void jvp(const Points<Number>& points, const Tangents<Number>& tangents, Number* sums,
           std::int64_t stride) const {
    const std::int64_t S = points.count;
    const std::int64_t K = tangents.count;
    const TransposedWeights<Number> weights = transposed<Number>(points);
    for (std::int64_t r = 0; r < S * K; ++r) std::fill_n(sums + r * stride, q_, Number(0));
    if (tangents.x.data != nullptr) {
      for_each_row_run(S, K, state_, tangents.x.stride, [&](const RowRun& run) {
        add_weighted(run.count, {tangents.x.data + run.offset, run.stride},
                     MatrixOf<Number>{nullptr, 0}, weights, sums + run.first * stride,
                     run.step * stride);
      });
    }
    if (tangents.u.data != nullptr) {
      for_each_row_run(S, K, m_, tangents.u.stride, [&](const RowRun& run) {
        add_weighted(run.count, MatrixOf<Number>{nullptr, 0},
                     {tangents.u.data + run.offset, run.stride}, weights, sums + run.first * stride,
                     run.step * stride);
      });
    }
    if (tangents.theta.data == nullptr) return;
    for_each_direction(
        S, K, parameters(), tangents.theta.data, tangents.theta.stride,
        [&](const Number* theta_dot, std::int64_t first, std::int64_t rows, std::int64_t sample) {
          const Blocks<const Number> dot = blocks(theta_dot);
          Number* target = sums + first * stride;
          add_weighted(rows, rows_of(from_sample(points.x, sample)),
                       rows_of(from_sample(points.u, sample)), transposed(theta_dot), target,
                       K * stride);
          for (std::int64_t s = 0; s < rows; ++s) {
            Number* row = target + s * K * stride;
            for (std::int64_t i = 0; i < q_; ++i) row[i] += dot.b_ih[i] + dot.b_hh[i];
          }
        });
  }

  /// (2), from a_bar [S*K,q] in `sums`.
  template <class Number>
  void vjp(const Points<Number>& points, const Cotangents<Number>& cotangents, const Number* sums,
           std::int64_t stride) const {
    const std::int64_t S = points.count;
    const std::int64_t K = cotangents.count;
    const Blocks<const Number> block = blocks(points.theta.data);
    if (cotangents.x.data != nullptr) {
      for_each_row_run(S, K, state_, cotangents.x.stride, [&](const RowRun& run) {
        add_product(run.count, n_, q_, {sums + run.first * stride, run.step * stride},
                    {block.W_hh, n_}, cotangents.x.data + run.offset, run.stride);
      });
    }
    if (cotangents.u.data != nullptr && m_ > 0) {
      for_each_row_run(S, K, m_, cotangents.u.stride, [&](const RowRun& run) {
        Number* u_bar = cotangents.u.data + run.offset;
        for (std::int64_t i = 0; i < run.count; ++i) {
          std::fill_n(u_bar + i * run.stride, m_, Number(0));
        }
        add_product(run.count, m_, q_, {sums + run.first * stride, run.step * stride},
                    {block.W_ih, m_}, u_bar, run.stride);
      });
    }
    if (cotangents.theta.data == nullptr) return;
    for_each_direction(
        S, K, parameters(), cotangents.theta.data, cotangents.theta.stride,
        [&](Number* theta_bar, std::int64_t first, std::int64_t rows, std::int64_t sample) {
          add_to_parameters(rows, sums + first * stride, K * stride,
                            rows_of(from_sample(points.x, sample)),
                            rows_of(from_sample(points.u, sample)), theta_bar);
        });
  }

 private:
  template <class Number>
  struct TransposedWeights {
    MatrixOf<Number> W_hh, W_ih;
  };

  template <class Number>
  TransposedWeights<Number> transposed(const Number* theta) const {
    const Blocks<const Number> block = blocks(theta);
    return {MatrixOf<Number>{block.W_hh, n_}.transposed(),
            MatrixOf<Number>{block.W_ih, m_}.transposed()};
  }
  template <class Number>
  TransposedWeights<Number> transposed(const Points<Number>& points) const {
    if (points.prepared == nullptr) return transposed(points.theta.data);
    const auto* prepared = static_cast<const Number*>(points.prepared);
    return {{prepared, q_}, {prepared + q_ * n_, q_}};
  }

  // sums += W_hh h + W_ih u; data NULL: zero.
  template <class Number>
  void add_weighted(std::int64_t rows, std::type_identity_t<MatrixOf<Number>> h,
                    std::type_identity_t<MatrixOf<Number>> u,
                    const TransposedWeights<Number>& weights, Number* sums,
                    std::int64_t stride) const {
    if (h.data != nullptr) add_product(rows, q_, n_, h, weights.W_hh, sums, stride);
    if (u.data != nullptr && m_ > 0) add_product(rows, q_, m_, u, weights.W_ih, sums, stride);
  }

  // theta_bar += the part of rows that share it.
  template <class Number>
  void add_to_parameters(std::int64_t rows, const Number* a_bar, std::int64_t stride,
                         MatrixOf<Number> h, MatrixOf<Number> u, Number* theta_bar) const {
    const Blocks<Number> bar = blocks(theta_bar);
    const MatrixOf<Number> across = MatrixOf<Number>{a_bar, stride}.transposed();
    add_product(q_, n_, rows, across, h, bar.W_hh, n_);
    if (u.data != nullptr && m_ > 0) add_product(q_, m_, rows, across, u, bar.W_ih, m_);
    for (std::int64_t s = 0; s < rows; ++s) {
      const Number* row = a_bar + s * stride;
      for (std::int64_t i = 0; i < q_; ++i) bar.b_hh[i] += row[i];
      for (std::int64_t i = 0; i < q_; ++i) bar.b_ih[i] += row[i];
    }
  }

  std::int64_t q_, n_, m_, state_;
};

}  // namespace dynkit
