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
template <class Number>
struct Factors {
  Factors(std::int64_t n, Number* work)
      : reset(work), update(work + n), recurrent(work + 2 * n), candidate(work + 3 * n) {}
  Number* reset;
  Number* update;
  Number* recurrent;
  Number* candidate;
};

// The results as parameters, since only there compilers make use of __restrict.
template <class Number>
void fill(std::int64_t n, const Number* gates, const Number* x, Number* __restrict reset,
          Number* __restrict update, Number* __restrict recurrent, Number* __restrict candidate) {
  const Number* r = gates;
  const Number* z = gates + n;
  const Number* q = gates + 2 * n;
  const Number* c = gates + 3 * n;
  for (std::int64_t i = 0; i < n; ++i) {
    const Number slope = (Number(1) - z[i]) * ((Number(1) - c[i]) * (Number(1) + c[i]));
    reset[i] = slope * q[i] * (r[i] * (Number(1) - r[i]));
    update[i] = (x[i] - c[i]) * (z[i] * (Number(1) - z[i]));
    recurrent[i] = slope * r[i];
    candidate[i] = slope;
  }
}

template <class Number>
void fill(std::int64_t n, const Number* gates, const Number* x, const Factors<Number>& factors) {
  fill(n, gates, x, factors.reset, factors.update, factors.recurrent, factors.candidate);
}

// J [n,columns] = diag(reset) W_r + diag(update) W_z + diag(last) W_n
template <class Number>
void combine_rows(std::int64_t n, std::int64_t columns, const Number* W,
                  const Factors<Number>& factors, const Number* last, Number* J,
                  std::int64_t row_stride) {
  for (std::int64_t i = 0; i < n; ++i) {
    const Number* W_r = W + i * columns;
    const Number* W_z = W + (n + i) * columns;
    const Number* W_n = W + (2 * n + i) * columns;
    const Number reset = factors.reset[i];
    const Number update = factors.update[i];
    const Number candidate = last[i];
    Number* __restrict row = J + i * row_stride;
    for (std::int64_t j = 0; j < columns; ++j) {
      row[j] = reset * W_r[j] + update * W_z[j] + candidate * W_n[j];
    }
  }
}

}  // namespace

template <class Number>
void state_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates, Number* work,
                    const Matrices<Number>& J) {
  const std::int64_t n = sizes.n;
  const Blocks<const Number> block(sizes, points.theta.data);
  const Factors<Number> factors(n, work);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* z = gates + s * 4 * n + n;
    Number* matrix = J.data + s * J.sample_stride;
    fill(n, gates + s * 4 * n, points.x.data + s * points.x.stride, factors);
    combine_rows(n, n, block.W_hh, factors, factors.recurrent, matrix, J.row_stride);
    for (std::int64_t i = 0; i < n; ++i) matrix[i * J.row_stride + i] += z[i];
  }
}

template <class Number>
void input_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates, Number* work,
                    const Matrices<Number>& J) {
  const std::int64_t n = sizes.n;
  const Blocks<const Number> block(sizes, points.theta.data);
  const Factors<Number> factors(n, work);
  for (std::int64_t s = 0; s < points.count; ++s) {
    fill(n, gates + s * 4 * n, points.x.data + s * points.x.stride, factors);
    combine_rows(n, sizes.m, block.W_ih, factors, factors.candidate, J.data + s * J.sample_stride,
                 J.row_stride);
  }
}

template <class Number>
void parameter_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates,
                        Number* work, const Matrices<Number>& J) {
  const auto [n, m] = sizes;
  const Input<Number> input = input_of<Number>(sizes, points);
  const Factors<Number> factors(n, work);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* u = input.data == nullptr ? nullptr : input.data + s * input.stride;
    fill(n, gates + s * 4 * n, x, factors);
    for (std::int64_t i = 0; i < n; ++i) {
      Number* row = J.data + s * J.sample_stride + i * J.row_stride;
      std::fill_n(row, sizes.parameters(), Number(0));
      const Blocks<Number> block(sizes, row);
      const Number of_x[] = {factors.reset[i], factors.update[i], factors.recurrent[i]};
      const Number of_u[] = {factors.reset[i], factors.update[i], factors.candidate[i]};
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
template <class Number>
void residual_jacobian(Sizes sizes, const Points<Number>& points, const Number* gates,
                       const Matrices<Number>& J) {
  const std::int64_t n = sizes.n;
  const Blocks<const Number> block(sizes, points.theta.data);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* r = gates + s * 4 * n;
    const Number* q = r + 2 * n;
    const Number* c = r + 3 * n;
    for (std::int64_t i = 0; i < n; ++i) {
      const Number slope = (Number(1) - c[i]) * (Number(1) + c[i]);
      const Number reset = slope * q[i] * (r[i] * (Number(1) - r[i]));
      const Number recurrent = slope * r[i];
      const Number* W_r = block.W_hh + i * n;
      const Number* W_n = block.W_hh + (2 * n + i) * n;
      Number* __restrict row = J.data + s * J.sample_stride + i * J.row_stride;
      for (std::int64_t j = 0; j < n; ++j) row[j] = reset * W_r[j] + recurrent * W_n[j];
      row[i] -= Number(1);
    }
  }
}

#define DYNKIT_INSTANTIATE(Number)                                                       \
  template void state_jacobian(Sizes, const Points<Number>&, const Number*, Number*,     \
                               const Matrices<Number>&);                                 \
  template void input_jacobian(Sizes, const Points<Number>&, const Number*, Number*,     \
                               const Matrices<Number>&);                                 \
  template void parameter_jacobian(Sizes, const Points<Number>&, const Number*, Number*, \
                                   const Matrices<Number>&);                             \
  template void residual_jacobian(Sizes, const Points<Number>&, const Number*,           \
                                  const Matrices<Number>&);
DYNKIT_INSTANTIATE(double)
DYNKIT_INSTANTIATE(float)

}  // namespace dynkit::gru
