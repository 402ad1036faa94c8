// Products of a GRU's Jacobians with tangents and cotangents (letters and equations in gru.hpp).
//
// Tangents, with a_*_dot for those of the sums under sigmoid and tanh:
//   r_dot = r (1 - r) a_r_dot           z_dot = z (1 - z) a_z_dot
//   c_dot = (1 - c^2) (a_c_dot + r q_dot + r_dot q)
//   x'_dot = (1 - z) c_dot + z x_dot + z_dot (x - c)                                         (8)
// Cotangents, with o = x'_bar:
//   a_c_bar = (1 - z) (1 - c^2) o       a_z_bar = z (1 - z) (x - c) o
//   q_bar   = r a_c_bar                 a_r_bar = r (1 - r) q a_c_bar                        (9)
//   x_bar   = z o + W_hh^T (a_r_bar, a_z_bar, q_bar)
//   u_bar   = W_ih^T (a_r_bar, a_z_bar, a_c_bar)
//   W_hh_bar += (a_r_bar, a_z_bar, q_bar) x^T         b_hh_bar += (a_r_bar, a_z_bar, q_bar)
//   W_ih_bar += (a_r_bar, a_z_bar, a_c_bar) u^T       b_ih_bar += (a_r_bar, a_z_bar, a_c_bar)
// The four sums' tangents or cotangents stand in work [S*K,4n], in the gates' order.
#include <algorithm>

#include "dynkit/views.hpp"
#include "gru.hpp"
#include "weights.hpp"

namespace dynkit::gru {
namespace {

// Adds theta_dot's own part, for rows that share it; x and u are the points'.
template <class Number>
void add_parameter_tangent(Sizes sizes, const Number* theta_dot, std::int64_t rows,
                           MatrixOf<Number> x, MatrixOf<Number> u, Number* sums,
                           std::int64_t stride) {
  const std::int64_t n = sizes.n;
  const Blocks<const Number> dot(sizes, theta_dot);
  add_weighted(sizes, rows, x, u, transposed_weights(sizes, theta_dot), Gates::all, sums, stride);
  for (std::int64_t s = 0; s < rows; ++s) {
    Number* row = sums + s * stride;
    for (std::int64_t i = 0; i < 2 * n; ++i) row[i] += dot.b_ih[i] + dot.b_hh[i];
    for (std::int64_t i = 2 * n; i < 3 * n; ++i) row[i] += dot.b_hh[i];
    for (std::int64_t i = 2 * n; i < 3 * n; ++i) row[n + i] += dot.b_ih[i];
  }
}

template <class Number>
void fill_sum_tangents(Sizes sizes, const Points<Number>& points, const Tangents<Number>& tangents,
                       Number* sums) {
  const std::int64_t stride = 4 * sizes.n;
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  const TransposedWeights<Number> weights = transposed_weights<Number>(sizes, points);
  std::fill_n(sums, S * K * stride, Number(0));
  if (tangents.x.data != nullptr) {
    for_each_row_run(S, K, sizes.n, tangents.x.stride, [&](const RowRun& run) {
      add_weighted(sizes, run.count, {tangents.x.data + run.offset, run.stride}, {nullptr, 0},
                   weights, Gates::all, sums + run.first * stride, run.step * stride);
    });
  }
  if (tangents.u.data != nullptr && sizes.m > 0) {
    for_each_row_run(S, K, sizes.m, tangents.u.stride, [&](const RowRun& run) {
      add_weighted(sizes, run.count, {nullptr, 0}, {tangents.u.data + run.offset, run.stride},
                   weights, Gates::all, sums + run.first * stride, run.step * stride);
    });
  }
  if (tangents.theta.data != nullptr) {
    for_each_direction(
        S, K, sizes.parameters(), tangents.theta.data, tangents.theta.stride,
        [&](const Number* theta_dot, std::int64_t first, std::int64_t rows, std::int64_t sample) {
          const Input<Number> u = from_sample(input_of<Number>(sizes, points), sample);
          add_parameter_tangent(sizes, theta_dot, rows, rows_of(from_sample(points.x, sample)),
                                rows_of(u), sums + first * stride, K * stride);
        });
  }
}

// theta_bar += the part of rows that share it.
template <class Number>
void add_parameter_cotangent(Sizes sizes, std::int64_t rows, const Number* sums,
                             std::int64_t stride, MatrixOf<Number> x, MatrixOf<Number> u,
                             Number* theta_bar) {
  const auto [n, m] = sizes;
  const Blocks<Number> bar(sizes, theta_bar);
  const MatrixOf<Number> across = MatrixOf<Number>{sums, stride}.transposed();
  add_product(3 * n, n, rows, across, x, bar.W_hh, n);
  if (u.data != nullptr) {
    add_product(2 * n, m, rows, across, u, bar.W_ih, m);
    add_product(n, m, rows, across.from(3 * n, 0), u, bar.W_ih + 2 * n * m, m);
  }
  for (std::int64_t s = 0; s < rows; ++s) {
    const Number* row = sums + s * stride;
    for (std::int64_t i = 0; i < 3 * n; ++i) bar.b_hh[i] += row[i];
    for (std::int64_t i = 0; i < 2 * n; ++i) bar.b_ih[i] += row[i];
    for (std::int64_t i = 2 * n; i < 3 * n; ++i) bar.b_ih[i] += row[n + i];
  }
}

// (9) for one row. The results as parameters, since only there compilers make use of __restrict.
template <class Number>
void fill_sum_cotangents(std::int64_t n, const Number* x, const Number* gates, const Number* o,
                         Number* __restrict a_r_bar, Number* __restrict a_z_bar,
                         Number* __restrict q_bar, Number* __restrict a_c_bar) {
  const Number* r = gates;
  const Number* z = gates + n;
  const Number* q = gates + 2 * n;
  const Number* c = gates + 3 * n;
  for (std::int64_t i = 0; i < n; ++i) {
    const Number candidate = (Number(1) - z[i]) * ((Number(1) - c[i]) * (Number(1) + c[i])) * o[i];
    a_r_bar[i] = r[i] * (Number(1) - r[i]) * (candidate * q[i]);
    a_z_bar[i] = z[i] * (Number(1) - z[i]) * ((x[i] - c[i]) * o[i]);
    q_bar[i] = candidate * r[i];
    a_c_bar[i] = candidate;
  }
}

}  // namespace

template <class Number>
void jvp(Sizes sizes, const Points<Number>& points, const Number* gates,
         const Tangents<Number>& tangents, Number* work, const Output<Number>& out) {
  const std::int64_t n = sizes.n;
  fill_sum_tangents(sizes, points, tangents, work);
  for (std::int64_t row = 0; row < points.count * tangents.count; ++row) {
    const std::int64_t s = row / tangents.count;
    const std::int64_t k = row % tangents.count;
    const Number* x = points.x.data + s * points.x.stride;
    const Number* r = gates + s * 4 * n;
    const Number* z = r + n;
    const Number* q = r + 2 * n;
    const Number* c = r + 3 * n;
    const Number* dot = work + row * 4 * n;
    Number* __restrict result = out.data + s * out.stride + k * n;
    for (std::int64_t i = 0; i < n; ++i) {
      const Number r_dot = r[i] * (Number(1) - r[i]) * dot[i];
      const Number z_dot = z[i] * (Number(1) - z[i]) * dot[n + i];
      const Number a_dot = dot[3 * n + i] + r[i] * dot[2 * n + i] + r_dot * q[i];
      const Number c_dot = (Number(1) - c[i]) * (Number(1) + c[i]) * a_dot;
      result[i] = (Number(1) - z[i]) * c_dot + z_dot * (x[i] - c[i]);
    }
    if (tangents.x.data == nullptr) continue;
    const Number* x_dot = tangents.x.data + s * tangents.x.stride + k * n;
    for (std::int64_t i = 0; i < n; ++i) result[i] += z[i] * x_dot[i];
  }
}

template <class Number>
void vjp(Sizes sizes, const Points<Number>& points, const Number* gates,
         const Cotangents<Number>& cotangents, Number* work) {
  const std::int64_t n = sizes.n;
  const std::int64_t m = sizes.m;
  const std::int64_t S = points.count;
  const std::int64_t K = cotangents.count;
  const std::int64_t stride = 4 * n;
  const Blocks<const Number> block(sizes, points.theta.data);
  for (std::int64_t row = 0; row < S * K; ++row) {
    const std::int64_t s = row / K;
    const Number* z = gates + s * stride + n;
    const Number* o = cotangents.out.data + s * cotangents.out.stride + row % K * n;
    Number* sums = work + row * stride;
    fill_sum_cotangents(n, points.x.data + s * points.x.stride, gates + s * stride, o, sums,
                        sums + n, sums + 2 * n, sums + 3 * n);
    if (cotangents.x.data == nullptr) continue;
    Number* x_bar = cotangents.x.data + s * cotangents.x.stride + row % K * n;
    for (std::int64_t i = 0; i < n; ++i) x_bar[i] = z[i] * o[i];
  }
  if (cotangents.x.data != nullptr) {
    for_each_row_run(S, K, n, cotangents.x.stride, [&](const RowRun& run) {
      add_product(run.count, n, 3 * n, {work + run.first * stride, run.step * stride},
                  {block.W_hh, n}, cotangents.x.data + run.offset, run.stride);
    });
  }
  if (cotangents.u.data != nullptr && m > 0) {
    for_each_row_run(S, K, m, cotangents.u.stride, [&](const RowRun& run) {
      Number* u_bar = cotangents.u.data + run.offset;
      for (std::int64_t i = 0; i < run.count; ++i)
        std::fill_n(u_bar + i * run.stride, m, Number(0));
      const MatrixOf<Number> sums{work + run.first * stride, run.step * stride};
      add_product(run.count, m, 2 * n, sums, {block.W_ih, m}, u_bar, run.stride);
      add_product(run.count, m, n, sums.from(0, 3 * n), {block.W_ih + 2 * n * m, m}, u_bar,
                  run.stride);
    });
  }
  if (cotangents.theta.data != nullptr) {
    for_each_direction(
        S, K, sizes.parameters(), cotangents.theta.data, cotangents.theta.stride,
        [&](Number* theta_bar, std::int64_t first, std::int64_t rows, std::int64_t sample) {
          const Input<Number> u = from_sample(input_of<Number>(sizes, points), sample);
          add_parameter_cotangent(sizes, rows, work + first * stride, K * stride,
                                  rows_of(from_sample(points.x, sample)), rows_of(u), theta_bar);
        });
  }
}

#define DYNKIT_INSTANTIATE(Number)                                                                 \
  template void jvp(Sizes, const Points<Number>&, const Number*, const Tangents<Number>&, Number*, \
                    const Output<Number>&);                                                        \
  template void vjp(Sizes, const Points<Number>&, const Number*, const Cotangents<Number>&,        \
                    Number*);
DYNKIT_INSTANTIATE(double)
DYNKIT_INSTANTIATE(float)

}  // namespace dynkit::gru
