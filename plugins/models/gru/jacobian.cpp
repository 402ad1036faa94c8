// Jacobians of a GRU (letters and equations in gru.hpp).
//
// With the factors of one sample,
//   candidate = (1 - z) (1 - c^2)     recurrent = r candidate
//   reset     = q r (1 - r) candidate    update = z (1 - z) (x - c)
// row i of the Jacobians is
//   dx'_i/dx = reset W_hr_i + update W_hz_i + recurrent W_hn_i + z_i e_i                     (6)
//   dx'_i/du = reset W_ir_i + update W_iz_i + candidate W_in_i                               (7)
// and in the parameters only the rows i of the three gates are not zero.
#include <algorithm>

#include "gru.hpp"
#include "weights.hpp"

namespace dynkit::gru {
namespace {

// Factors [n] each, in the caller's work [4n].
struct Factors {
  Factors(std::int64_t n, double* work)
      : reset(work), update(work + n), recurrent(work + 2 * n), candidate(work + 3 * n) {}
  double* reset;
  double* update;
  double* recurrent;
  double* candidate;
};

// The results as parameters, since only there compilers make use of __restrict.
void fill(std::int64_t n, const double* gates, const double* x, double* __restrict reset,
          double* __restrict update, double* __restrict recurrent, double* __restrict candidate) {
  const double* r = gates;
  const double* z = gates + n;
  const double* q = gates + 2 * n;
  const double* c = gates + 3 * n;
  for (std::int64_t i = 0; i < n; ++i) {
    const double slope = (1.0 - z[i]) * ((1.0 - c[i]) * (1.0 + c[i]));
    reset[i] = slope * q[i] * (r[i] * (1.0 - r[i]));
    update[i] = (x[i] - c[i]) * (z[i] * (1.0 - z[i]));
    recurrent[i] = slope * r[i];
    candidate[i] = slope;
  }
}

void fill(std::int64_t n, const double* gates, const double* x, const Factors& factors) {
  fill(n, gates, x, factors.reset, factors.update, factors.recurrent, factors.candidate);
}

// J [n,columns] = diag(reset) W_r + diag(update) W_z + diag(last) W_n
void combine_rows(std::int64_t n, std::int64_t columns, const double* W, const Factors& factors,
                  const double* last, double* J, std::int64_t row_stride) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double* W_r = W + i * columns;
    const double* W_z = W + (n + i) * columns;
    const double* W_n = W + (2 * n + i) * columns;
    const double reset = factors.reset[i];
    const double update = factors.update[i];
    const double candidate = last[i];
    double* __restrict row = J + i * row_stride;
    for (std::int64_t j = 0; j < columns; ++j) {
      row[j] = reset * W_r[j] + update * W_z[j] + candidate * W_n[j];
    }
  }
}

}  // namespace

void state_jacobian(Sizes sizes, const dk_points& points, const double* gates, double* work,
                    const dk_matrices& J) {
  const std::int64_t n = sizes.n;
  const Blocks<const double> block(sizes, points.theta.data);
  const Factors factors(n, work);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* z = gates + s * 4 * n + n;
    double* matrix = J.data + s * J.sample_stride;
    fill(n, gates + s * 4 * n, points.x.data + s * points.x.stride, factors);
    combine_rows(n, n, block.W_hh, factors, factors.recurrent, matrix, J.row_stride);
    for (std::int64_t i = 0; i < n; ++i) matrix[i * J.row_stride + i] += z[i];
  }
}

void input_jacobian(Sizes sizes, const dk_points& points, const double* gates, double* work,
                    const dk_matrices& J) {
  const std::int64_t n = sizes.n;
  const Blocks<const double> block(sizes, points.theta.data);
  const Factors factors(n, work);
  for (std::int64_t s = 0; s < points.count; ++s) {
    fill(n, gates + s * 4 * n, points.x.data + s * points.x.stride, factors);
    combine_rows(n, sizes.m, block.W_ih, factors, factors.candidate, J.data + s * J.sample_stride,
                 J.row_stride);
  }
}

void parameter_jacobian(Sizes sizes, const dk_points& points, const double* gates, double* work,
                        const dk_matrices& J) {
  const auto [n, m] = sizes;
  const dk_input input = input_of(sizes, points);
  const Factors factors(n, work);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* x = points.x.data + s * points.x.stride;
    const double* u = input.data == nullptr ? nullptr : input.data + s * input.stride;
    fill(n, gates + s * 4 * n, x, factors);
    for (std::int64_t i = 0; i < n; ++i) {
      double* row = J.data + s * J.sample_stride + i * J.row_stride;
      std::fill_n(row, sizes.parameters(), 0.0);
      const Blocks<double> block(sizes, row);
      const double of_x[] = {factors.reset[i], factors.update[i], factors.recurrent[i]};
      const double of_u[] = {factors.reset[i], factors.update[i], factors.candidate[i]};
      for (std::int64_t gate = 0; gate < 3; ++gate) {
        const std::int64_t unit = gate * n + i;
        for (std::int64_t j = 0; j < n; ++j) block.W_hh[unit * n + j] = of_x[gate] * x[j];
        for (std::int64_t j = 0; u != nullptr && j < m; ++j) {
          block.W_ih[unit * m + j] = of_u[gate] * u[j];
        }
        block.b_hh[unit] = of_x[gate];
        block.b_ih[unit] = of_u[gate];
      }
    }
  }
}

// Row i of d(c - x)/dx is (1 - c^2) (q r (1 - r) W_hr_i + r W_hn_i) - e_i: no update gate.
void residual_jacobian(Sizes sizes, const dk_points& points, const double* gates,
                       const dk_matrices& J) {
  const std::int64_t n = sizes.n;
  const Blocks<const double> block(sizes, points.theta.data);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* r = gates + s * 4 * n;
    const double* q = r + 2 * n;
    const double* c = r + 3 * n;
    for (std::int64_t i = 0; i < n; ++i) {
      const double slope = (1.0 - c[i]) * (1.0 + c[i]);
      const double reset = slope * q[i] * (r[i] * (1.0 - r[i]));
      const double recurrent = slope * r[i];
      const double* W_r = block.W_hh + i * n;
      const double* W_n = block.W_hh + (2 * n + i) * n;
      double* __restrict row = J.data + s * J.sample_stride + i * J.row_stride;
      for (std::int64_t j = 0; j < n; ++j) row[j] = reset * W_r[j] + recurrent * W_n[j];
      row[i] -= 1.0;
    }
  }
}

}  // namespace dynkit::gru
