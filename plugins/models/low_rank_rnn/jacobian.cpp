// Jacobians, with W_rj = dy_r / da_j = gain n_jr phi'(a_j) / N:
//     full      J_x = keep 1 + m W                     J_u = gain wi^T
//     reduced   J_z = keep 1 + (W m, W wi^T; 0, 0)     J_u = (0; gain 1)
#include <algorithm>

#include "dynkit/views.hpp"
#include "low_rank_rnn.hpp"

namespace dynkit::low_rank_rnn {

template <class Number>
void Kernel::fill_drive_slopes(const Points<Number>& points, const Number* row, double gain,
                               Number* W) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const Number* n = factors_.blocks(points.theta.data).n;
  Number* g = W + R * N;
  std::fill_n(g, N, static_cast<Number>(gain / static_cast<double>(N)));
  multiply_by_slopes(row, g);
  for (std::int64_t j = 0; j < N; ++j) {
    for (std::int64_t r = 0; r < R; ++r) W[r * N + j] = n[j * R + r] * g[j];
  }
}

template <class Number>
void Kernel::state_jacobian(const Points<Number>& points, const Number* record, double keep,
                            double gain, Number* work, const Matrices<Number>& J) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const RightFactors<Number> weights = factors_.right(points.theta.data);
  for (std::int64_t s = 0; s < points.count; ++s) {
    fill_drive_slopes(points, record + s * record_size(), gain, work);
    Number* matrix = J.data + s * J.sample_stride;
    for (std::int64_t i = 0; i < states(); ++i) {
      Number* row = matrix + i * J.row_stride;
      std::fill_n(row, states(), Number(0));
      row[i] = static_cast<Number>(keep);
    }
    if (reduced_) {
      factors_.lift_adjoint(R, {work, N}, weights, matrix, J.row_stride);
    } else {
      add_product(N, N, R, weights.m_t.transposed(), {work, N}, matrix, J.row_stride);
    }
  }
}

template <class Number>
void Kernel::input_jacobian(const Points<Number>& points, const Matrices<Number>& J) const {
  const std::int64_t N = factors_.units();
  const std::int64_t M = factors_.inputs();
  const Number* wi = factors_.blocks(points.theta.data).wi;
  const auto gain = static_cast<Number>(gain_);
  for (std::int64_t s = 0; s < points.count; ++s) {
    for (std::int64_t i = 0; i < states(); ++i) {
      Number* row = J.data + s * J.sample_stride + i * J.row_stride;
      for (std::int64_t j = 0; j < M; ++j) {
        row[j] = !reduced_ ? gain * wi[j * N + i] : i == factors_.rank() + j ? gain : Number(0);
      }
    }
  }
}

template <class Number>
void Kernel::full_parameter_jacobian(const Points<Number>& points, const Number* row,
                                     const Number* W, Number* matrix,
                                     std::int64_t row_stride) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const MatrixOf<Number> m = factors_.right(points.theta.data).m_t.transposed();
  const auto scale = static_cast<Number>(gain_ / static_cast<double>(N));
  const Number* y = row + drive();
  for (std::int64_t i = 0; i < N; ++i) {
    const Blocks<Number> block = factors_.blocks(matrix + i * row_stride);
    const Number* m_i = m.data + i * R;
    std::copy_n(y, R, block.m + i * R);
    for (std::int64_t j = 0; j < N; ++j) {
      for (std::int64_t r = 0; r < R; ++r) block.n[j * R + r] = scale * row[j] * m_i[r];
    }
    for (std::int64_t k = 0; k < factors_.inputs(); ++k) block.wi[k * N + i] = y[R + k];
  }
  Number* bias = factors_.blocks(matrix).bias;
  if (bias != nullptr) add_product(N, N, R, m, {W, N}, bias, row_stride);
}

template <class Number>
void Kernel::reduced_parameter_jacobian(const Number* z, const Number* row, const Number* W,
                                        Number* matrix, std::int64_t row_stride) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const auto scale = static_cast<Number>(gain_ / static_cast<double>(N));
  for (std::int64_t r = 0; r < R; ++r) {
    const Blocks<Number> block = factors_.blocks(matrix + r * row_stride);
    const Number* slopes = W + r * N;
    for (std::int64_t j = 0; j < N; ++j) {
      for (std::int64_t c = 0; c < R; ++c) block.m[j * R + c] = slopes[j] * z[c];
      block.n[j * R + r] = scale * row[j];
    }
    for (std::int64_t k = 0; k < factors_.inputs(); ++k) {
      for (std::int64_t j = 0; j < N; ++j) block.wi[k * N + j] = slopes[j] * z[R + k];
    }
    if (block.bias != nullptr) std::copy_n(slopes, N, block.bias);
  }
}

template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt,
                      Number* work, const Matrices<Number>& J) const {
  if (wrt == DK_WRT_STATE) {
    return state_jacobian<Number>(points, record, keep_, gain_, work, J);
  }
  if (wrt == DK_WRT_INPUT) return input_jacobian<Number>(points, J);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* row = record + s * record_size();
    Number* matrix = J.data + s * J.sample_stride;
    fill_drive_slopes(points, row, gain_, work);
    for (std::int64_t i = 0; i < states(); ++i) {
      std::fill_n(matrix + i * J.row_stride, factors_.parameters(), Number(0));
    }
    if (reduced_) {
      const Number* z = points.x.data + s * points.x.stride;
      reduced_parameter_jacobian(z, row, static_cast<const Number*>(work), matrix, J.row_stride);
    } else {
      full_parameter_jacobian(points, row, static_cast<const Number*>(work), matrix, J.row_stride);
    }
  }
}

void Kernel::residual_jacobian(const dk_points& points, const double* record, double* work,
                               const dk_matrices& J) const {
  state_jacobian<double>(points, record, -1.0, 1.0, work, J);
}

template void Kernel::jacobian(const Points<double>&, const double*, std::int32_t, double*,
                               const Matrices<double>&) const;
template void Kernel::jacobian(const Points<float>&, const float*, std::int32_t, float*,
                               const Matrices<float>&) const;

}  // namespace dynkit::low_rank_rnn
