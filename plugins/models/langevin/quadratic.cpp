#include "quadratic.hpp"

#include <algorithm>
#include <cmath>

#include "dynkit/matrix_product.hpp"

namespace dynkit::langevin {
namespace {

// to [rows,k] += (A + A^T) y, twice the gradient.
template <class Number>
void add_twice(std::int64_t rows, std::int64_t k, const Number* A, MatrixOf<Number> y, Number* to,
               std::int64_t to_stride) {
  const MatrixOf<Number> matrix{A, k};
  add_product(rows, k, k, y, matrix.transposed(), to, to_stride);
  add_product(rows, k, k, y, matrix, to, to_stride);
}

}  // namespace

void Quadratic::add_blocks(ParameterBlocks& blocks) const {
  blocks.add("stiffness", {k_, k_}, "A of U = 1/2 y^T (A + A^T)/2 y, y = z - center");
  blocks.add("center", {k_}, "where U is stationary");
}

// The identity and noise whose symmetric part has eigenvalues within about 0.5 of 0: a minimum.
void Quadratic::draw(const dk_host& host, dk_stream& stream, double* theta) const {
  const double scale = 0.35 / std::sqrt(static_cast<double>(k_));
  host.normal(&host, &stream, k_ * k_, theta);
  for (std::int64_t i = 0; i < k_ * k_; ++i) {
    theta[i] = scale * theta[i] + (i % (k_ + 1) == 0 ? 1.0 : 0.0);
  }
  std::fill_n(theta + k_ * k_, k_, 0.0);
}

template <class Number>
void Quadratic::activate(std::int64_t S, Weights<Number> weights, Number* record,
                         std::int64_t stride) const {
  const Number* center = weights.theta + k_ * k_;
  for (std::int64_t s = 0; s < S; ++s) {
    Number* z = record + s * stride;
    std::fill_n(z + k_, k_, Number(0));
    for (std::int64_t i = 0; i < k_; ++i) z[2 * k_ + i] = z[i] - center[i];
  }
  add_twice(S, k_, weights.theta, {record + 2 * k_, stride}, record + k_, stride);
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t i = 0; i < k_; ++i) record[s * stride + k_ + i] *= Number(0.5);
  }
}

template <class Number>
void Quadratic::hessian(const Records<Number>& one, Number* H, std::int64_t row_stride,
                        Number*) const {
  const Number* A = one.weights.theta;
  for (std::int64_t i = 0; i < k_; ++i) {
    for (std::int64_t j = 0; j < k_; ++j) {
      H[i * row_stride + j] = Number(0.5) * (A[i * k_ + j] + A[j * k_ + i]);
    }
  }
}

// g_dot = S y_dot + (A_dot + A_dot^T)/2 y
template <class Number>
void Quadratic::jvp(const Records<Number>& records, std::int64_t K, Directions<const Number> z_dot,
                    Directions<const Number> theta_dot, Directions<Number> g_dot,
                    Number* work) const {
  const std::int64_t S = records.S;
  Number *y_dot = work, *twice = work + S * K * k_;
  std::fill_n(twice, S * K * k_, Number(0));
  for (std::int64_t r = 0; r < S * K; ++r) {
    Number* row = y_dot + r * k_;
    std::fill_n(row, k_, Number(0));
    if (z_dot.data != nullptr) std::copy_n(at(z_dot, r / K, r % K), k_, row);
    if (theta_dot.data == nullptr) continue;
    const Number* center = at(theta_dot, r / K, r % K) + k_ * k_;
    for (std::int64_t i = 0; i < k_; ++i) row[i] -= center[i];
  }
  add_twice(S * K, k_, records.weights.theta, {y_dot, k_}, twice, k_);
  for_each_theta(
      S, K, theta_dot,
      [&](const Number* theta, std::int64_t first, std::int64_t rows, std::int64_t sample) {
        add_twice(rows, k_, theta, {records.of(sample) + 2 * k_, records.stride},
                  twice + first * k_, K * k_);
      });
  for (std::int64_t r = 0; r < S * K; ++r) {
    Number* to = at(g_dot, r / K, r % K);
    for (std::int64_t i = 0; i < k_; ++i) to[i] = Number(0.5) * twice[r * k_ + i];
  }
}

// y_bar = S g_bar,   A_bar += (g_bar y^T + y g_bar^T)/2,   c_bar -= y_bar. Both products of a row
// follow each other in one sum, since it must not matter how the rows are split.
template <class Number>
void Quadratic::vjp(const Records<Number>& records, std::int64_t K, const Number* g_bar,
                    Directions<Number> theta_bar, Directions<Number> z_bar, Number* work) const {
  const std::int64_t S = records.S;
  Number* y_bar = work;
  std::fill_n(y_bar, S * K * k_, Number(0));
  add_twice(S * K, k_, records.weights.theta, {g_bar, k_}, y_bar, k_);
  for (std::int64_t i = 0; i < S * K * k_; ++i) y_bar[i] *= Number(0.5);
  for (std::int64_t r = 0; z_bar.data != nullptr && r < S * K; ++r) {
    std::copy_n(y_bar + r * k_, k_, at(z_bar, r / K, r % K));
  }
  Number *left = y_bar + S * K * k_, *right = left + 2 * S * k_;
  for_each_theta(S, K, theta_bar,
                 [&](Number* bar, std::int64_t first, std::int64_t rows, std::int64_t sample) {
                   for (std::int64_t s = 0; s < rows; ++s) {
                     const Number* y = records.of(sample + s) + 2 * k_;
                     const Number* g = g_bar + (first + s * K) * k_;
                     for (std::int64_t i = 0; i < k_; ++i) {
                       left[2 * s * k_ + i] = right[(2 * s + 1) * k_ + i] = Number(0.5) * g[i];
                       right[2 * s * k_ + i] = left[(2 * s + 1) * k_ + i] = y[i];
                       bar[k_ * k_ + i] -= y_bar[(first + s * K) * k_ + i];
                     }
                   }
                   add_product(k_, k_, 2 * rows, MatrixOf<Number>{left, k_}.transposed(),
                               {right, k_}, bar, k_);
                 });
}

DYNKIT_INSTANTIATE_POTENTIAL(Quadratic)

}  // namespace dynkit::langevin
