// Derivatives of a recurrent network (letters in rnn.hpp), with g = phi_gain phi'(a):
//   J_x = x_keep I + diag(g) W_hh       J_u = diag(g) W_ih                                   (4)
//   tangent    x_keep x_dot + g (W_hh x_dot + W_ih u_dot + W_hh_dot x + W_ih_dot u + b_dot)  (5)
//   cotangent  d = g o with o the cotangent of the result:                                   (6)
//     x_bar = x_keep o + W_hh^T d      W_hh_bar += d x^T     b_hh_bar += d
//     u_bar = W_ih^T d                 W_ih_bar += d u^T     b_ih_bar += d
#include <algorithm>

#include "dynkit/views.hpp"
#include "rnn.hpp"
#include "weights.hpp"

namespace dynkit::rnn {
namespace {

// J [n,columns] = diag(gain slopes) W
void scale_rows(std::int64_t n, std::int64_t columns, const double* W, double gain,
                const double* slopes, double* J, std::int64_t row_stride) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double g = gain * slopes[i];
    double* __restrict row = J + i * row_stride;
    for (std::int64_t j = 0; j < columns; ++j) row[j] = g * W[i * columns + j];
  }
}

// The tangents of the summed inputs [S*K,n].
void fill_sum_tangents(const Network& network, const dk_points& points, const dk_tangents& tangents,
                       double* sums) {
  const std::int64_t n = network.n;
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  const TransposedWeights weights = transposed_weights(network, points);
  std::fill_n(sums, S * K * n, 0.0);
  if (tangents.x.data != nullptr) {
    for_each_row_run(S, K, n, tangents.x.stride, [&](const RowRun& run) {
      add_weighted(network, run.count, {tangents.x.data + run.offset, run.stride}, {nullptr, 0},
                   weights, sums + run.first * n, run.step * n);
    });
  }
  if (tangents.u.data != nullptr && network.m > 0) {
    for_each_row_run(S, K, network.m, tangents.u.stride, [&](const RowRun& run) {
      add_weighted(network, run.count, {nullptr, 0}, {tangents.u.data + run.offset, run.stride},
                   weights, sums + run.first * n, run.step * n);
    });
  }
  if (tangents.theta.data == nullptr) return;
  for_each_direction(
      S, K, network.parameters(), tangents.theta.data, tangents.theta.stride,
      [&](const double* theta_dot, std::int64_t first, std::int64_t rows, std::int64_t sample) {
        const Blocks<const double> dot(network, theta_dot);
        double* target = sums + first * n;
        add_weighted(network, rows, rows_of(from_sample(points.x, sample)),
                     rows_of(from_sample(input_of(network, points), sample)),
                     transposed_weights(network, theta_dot), target, K * n);
        for (std::int64_t s = 0; s < rows; ++s) {
          double* row = target + s * K * n;
          for (std::int64_t i = 0; i < n; ++i) row[i] += dot.b_ih[i] + dot.b_hh[i];
        }
      });
}

// theta_bar += the part of rows that share it.
void add_parameter_cotangent(const Network& network, std::int64_t rows, const double* d,
                             std::int64_t stride, MatrixView x, MatrixView u, double* theta_bar) {
  const std::int64_t n = network.n;
  const Blocks<double> bar(network, theta_bar);
  const MatrixView across = MatrixView{d, stride}.transposed();
  add_product(n, n, rows, across, x, bar.W_hh, n);
  if (u.data != nullptr) add_product(n, network.m, rows, across, u, bar.W_ih, network.m);
  for (std::int64_t s = 0; s < rows; ++s) {
    const double* row = d + s * stride;
    for (std::int64_t i = 0; i < n; ++i) bar.b_hh[i] += row[i];
    for (std::int64_t i = 0; i < n; ++i) bar.b_ih[i] += row[i];
  }
}

}  // namespace

void state_jacobian(const Network& network, const dk_points& points, Combination combination,
                    const double* slopes, const dk_matrices& J) {
  const std::int64_t n = network.n;
  const double* W_hh = Blocks<const double>(network, points.theta.data).W_hh;
  for (std::int64_t s = 0; s < points.count; ++s) {
    double* matrix = J.data + s * J.sample_stride;
    scale_rows(n, n, W_hh, combination.phi_gain, slopes + s * n, matrix, J.row_stride);
    for (std::int64_t i = 0; i < n; ++i) matrix[i * J.row_stride + i] += combination.x_keep;
  }
}

void input_jacobian(const Network& network, const dk_points& points, Combination combination,
                    const double* slopes, const dk_matrices& J) {
  const double* W_ih = Blocks<const double>(network, points.theta.data).W_ih;
  for (std::int64_t s = 0; s < points.count; ++s) {
    scale_rows(network.n, network.m, W_ih, combination.phi_gain, slopes + s * network.n,
               J.data + s * J.sample_stride, J.row_stride);
  }
}

void parameter_jacobian(const Network& network, const dk_points& points, Combination combination,
                        const double* slopes, const dk_matrices& J) {
  const std::int64_t n = network.n;
  const std::int64_t m = network.m;
  const dk_input input = input_of(network, points);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* x = points.x.data + s * points.x.stride;
    const double* u = input.data == nullptr ? nullptr : input.data + s * input.stride;
    for (std::int64_t i = 0; i < n; ++i) {
      double* row = J.data + s * J.sample_stride + i * J.row_stride;
      std::fill_n(row, network.parameters(), 0.0);
      const Blocks<double> block(network, row);
      const double g = combination.phi_gain * slopes[s * n + i];
      for (std::int64_t j = 0; j < n; ++j) block.W_hh[i * n + j] = g * x[j];
      for (std::int64_t j = 0; u != nullptr && j < m; ++j) block.W_ih[i * m + j] = g * u[j];
      block.b_ih[i] = g;
      block.b_hh[i] = g;
    }
  }
}

void jvp(const Network& network, const dk_points& points, Combination combination,
         const double* slopes, const dk_tangents& tangents, double* work, dk_output out) {
  const std::int64_t n = network.n;
  const std::int64_t K = tangents.count;
  fill_sum_tangents(network, points, tangents, work);
  for (std::int64_t row = 0; row < points.count * K; ++row) {
    const std::int64_t s = row / K;
    const double* slope = slopes + s * n;
    const double* dot = work + row * n;
    double* result = out.data + s * out.stride + row % K * n;
    for (std::int64_t i = 0; i < n; ++i) result[i] = combination.phi_gain * slope[i] * dot[i];
    if (tangents.x.data == nullptr) continue;
    const double* x_dot = tangents.x.data + s * tangents.x.stride + row % K * n;
    for (std::int64_t i = 0; i < n; ++i) result[i] += combination.x_keep * x_dot[i];
  }
}

void vjp(const Network& network, const dk_points& points, Combination combination,
         const double* slopes, const dk_cotangents& cotangents, double* work) {
  const std::int64_t n = network.n;
  const std::int64_t m = network.m;
  const std::int64_t S = points.count;
  const std::int64_t K = cotangents.count;
  const Blocks<const double> block(network, points.theta.data);
  for (std::int64_t row = 0; row < S * K; ++row) {
    const std::int64_t s = row / K;
    const double* slope = slopes + s * n;
    const double* o = cotangents.out.data + s * cotangents.out.stride + row % K * n;
    double* d = work + row * n;
    for (std::int64_t i = 0; i < n; ++i) d[i] = combination.phi_gain * slope[i] * o[i];
    if (cotangents.x.data == nullptr) continue;
    double* x_bar = cotangents.x.data + s * cotangents.x.stride + row % K * n;
    for (std::int64_t i = 0; i < n; ++i) x_bar[i] = combination.x_keep * o[i];
  }
  if (cotangents.x.data != nullptr) {
    for_each_row_run(S, K, n, cotangents.x.stride, [&](const RowRun& run) {
      add_product(run.count, n, n, {work + run.first * n, run.step * n}, {block.W_hh, n},
                  cotangents.x.data + run.offset, run.stride);
    });
  }
  if (cotangents.u.data != nullptr && m > 0) {
    for_each_row_run(S, K, m, cotangents.u.stride, [&](const RowRun& run) {
      double* u_bar = cotangents.u.data + run.offset;
      for (std::int64_t i = 0; i < run.count; ++i) std::fill_n(u_bar + i * run.stride, m, 0.0);
      add_product(run.count, m, n, {work + run.first * n, run.step * n}, {block.W_ih, m}, u_bar,
                  run.stride);
    });
  }
  if (cotangents.theta.data == nullptr) return;
  for_each_direction(
      S, K, network.parameters(), cotangents.theta.data, cotangents.theta.stride,
      [&](double* theta_bar, std::int64_t first, std::int64_t rows, std::int64_t sample) {
        add_parameter_cotangent(network, rows, work + first * n, K * n,
                                rows_of(from_sample(points.x, sample)),
                                rows_of(from_sample(input_of(network, points), sample)), theta_bar);
      });
}

}  // namespace dynkit::rnn
