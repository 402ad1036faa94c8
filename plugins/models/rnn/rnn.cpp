#include "rnn.hpp"

#include <algorithm>

#include "dynkit/views.hpp"

namespace dynkit::rnn {

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  sums_.fill<Number>(points, record, record_size());
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* row = record + s * record_size();
    if (slope_needs_argument(activation_)) std::copy_n(row, n_, row + n_);
    dynkit::activate(activation_, n_, row);
  }
}

template <class Number>
void Kernel::combine(const Points<Number>& points, const Number* record, Combination combination,
                     const Output<Number>& out) const {
  const auto keep = static_cast<Number>(combination.x_keep);
  const auto gain = static_cast<Number>(combination.phi_gain);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* values = record + s * record_size();
    Number* result = out.data + s * out.stride;
    for (std::int64_t i = 0; i < n_; ++i) result[i] = keep * x[i] + gain * values[i];
  }
}

template <class Number>
void Kernel::fill_gains(const Number* record, std::int64_t s, double gain, Number* g) const {
  const Number* row = record + s * record_size();
  std::fill_n(g, n_, static_cast<Number>(gain));
  multiply_by_slope(activation_, n_, row, row + n_, g);
}

template <class Number>
void Kernel::state_jacobian(const Points<Number>& points, const Number* record,
                            Combination combination, Number* work,
                            const Matrices<Number>& J) const {
  const Number* W_hh = sums_.blocks(points.theta.data).W_hh;
  for (std::int64_t s = 0; s < points.count; ++s) {
    fill_gains(record, s, combination.phi_gain, work);
    for (std::int64_t i = 0; i < n_; ++i) {
      Number* __restrict row = J.data + s * J.sample_stride + i * J.row_stride;
      for (std::int64_t j = 0; j < n_; ++j) row[j] = work[i] * W_hh[i * n_ + j];
      row[i] += static_cast<Number>(combination.x_keep);
    }
  }
}

template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt,
                      Number* work, const Matrices<Number>& J) const {
  if (wrt == DK_WRT_STATE) return state_jacobian<Number>(points, record, combination_, work, J);
  const std::int64_t m = sums_.inputs();
  const Number* W_ih = sums_.blocks(points.theta.data).W_ih;
  for (std::int64_t s = 0; s < points.count; ++s) {
    fill_gains(record, s, combination_.phi_gain, work);
    const Number* x = points.x.data + s * points.x.stride;
    const Number* u = points.u.data == nullptr ? nullptr : points.u.data + s * points.u.stride;
    for (std::int64_t i = 0; i < n_; ++i) {
      const Number g = work[i];
      Number* row = J.data + s * J.sample_stride + i * J.row_stride;
      if (wrt == DK_WRT_INPUT) {
        for (std::int64_t j = 0; j < m; ++j) row[j] = g * W_ih[i * m + j];
        continue;
      }
      std::fill_n(row, sums_.parameters(), Number(0));
      const auto block = sums_.blocks(row);
      for (std::int64_t j = 0; j < n_; ++j) block.W_hh[i * n_ + j] = g * x[j];
      for (std::int64_t j = 0; u != nullptr && j < m; ++j) block.W_ih[i * m + j] = g * u[j];
      block.b_ih[i] = g;
      block.b_hh[i] = g;
    }
  }
}

template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const std::int64_t K = tangents.count;
  const auto keep = static_cast<Number>(combination_.x_keep);
  const auto gain = static_cast<Number>(combination_.phi_gain);
  sums_.jvp<Number>(points, tangents, work, n_);
  for (std::int64_t r = 0; r < points.count * K; ++r) {
    const std::int64_t s = r / K;
    const Number* row = record + s * record_size();
    Number* dot = work + r * n_;
    multiply_by_slope(activation_, n_, row, row + n_, dot);
    Number* result = out.data + s * out.stride + r % K * n_;
    for (std::int64_t i = 0; i < n_; ++i) result[i] = gain * dot[i];
    if (tangents.x.data == nullptr) continue;
    const Number* x_dot = tangents.x.data + s * tangents.x.stride + r % K * n_;
    for (std::int64_t i = 0; i < n_; ++i) result[i] += keep * x_dot[i];
  }
}

template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const std::int64_t K = cotangents.count;
  const auto keep = static_cast<Number>(combination_.x_keep);
  const auto gain = static_cast<Number>(combination_.phi_gain);
  for (std::int64_t r = 0; r < points.count * K; ++r) {
    const std::int64_t s = r / K;
    const Number* row = record + s * record_size();
    const Number* o = cotangents.out.data + s * cotangents.out.stride + r % K * n_;
    Number* d = work + r * n_;
    for (std::int64_t i = 0; i < n_; ++i) d[i] = gain * o[i];
    multiply_by_slope(activation_, n_, row, row + n_, d);
    if (cotangents.x.data == nullptr) continue;
    Number* x_bar = cotangents.x.data + s * cotangents.x.stride + r % K * n_;
    for (std::int64_t i = 0; i < n_; ++i) x_bar[i] = keep * o[i];
  }
  sums_.vjp<Number>(points, cotangents, work, n_);
}

#define DYNKIT_INSTANTIATE(Number)                                                                 \
  template void Kernel::activate(const Points<Number>&, Number*) const;                            \
  template void Kernel::combine(const Points<Number>&, const Number*, Combination,                 \
                                const Output<Number>&) const;                                      \
  template void Kernel::state_jacobian(const Points<Number>&, const Number*, Combination, Number*, \
                                       const Matrices<Number>&) const;                             \
  template void Kernel::jacobian(const Points<Number>&, const Number*, std::int32_t, Number*,      \
                                 const Matrices<Number>&) const;                                   \
  template void Kernel::jvp(const Points<Number>&, const Number*, const Tangents<Number>&,         \
                            Number*, const Output<Number>&) const;                                 \
  template void Kernel::vjp(const Points<Number>&, const Number*, const Cotangents<Number>&,       \
                            Number*) const;
DYNKIT_INSTANTIATE(double)
DYNKIT_INSTANTIATE(float)

}  // namespace dynkit::rnn
