#include "low_rank_rnn.hpp"

#include <algorithm>

#include "dynkit/views.hpp"

namespace dynkit::low_rank_rnn {
namespace {

// Direction k of sample s; NULL stays NULL.
template <class Argument>
auto row_of(const Argument& argument, std::int64_t s, std::int64_t k, std::int64_t width) {
  return argument.data == nullptr ? nullptr : argument.data + s * argument.stride + k * width;
}

}  // namespace

std::int64_t Kernel::work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
  switch (operation) {
    case DK_JACOBIAN:
    case DK_RESIDUAL:
      return (factors_.rank() + 1) * factors_.units();
    case DK_JVP:
    case DK_VJP:
      return S * K * (factors_.units() + factors_.width());
    default:
      return 0;
  }
}

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const std::int64_t stride = record_size();
  const RightFactors<Number> weights = factors_.right<Number>(points);
  const Number* bias = factors_.blocks(points.theta.data).bias;
  const auto scale = static_cast<Number>(gain_ / static_cast<double>(N));
  const auto gain = static_cast<Number>(gain_);

  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* a = record + s * stride;
    reduced_ ? std::fill_n(a, N, Number(0)) : std::copy_n(row_of(points.x, s, 0, 0), N, a);
  }
  if (reduced_) factors_.lift(points.count, rows_of(points.x), weights, record, stride);
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* a = record + s * stride;
    for (std::int64_t i = 0; bias != nullptr && i < N; ++i) a[i] += bias[i];
    if (slope_needs_argument(activation_)) std::copy_n(a, N, a + arguments());
    dynkit::activate(activation_, N, a);
    std::fill_n(a + drive(), factors_.width(), Number(0));
  }
  factors_.project(points.count, {record, stride}, weights, record + drive(), stride);
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* y = record + s * stride + drive();
    for (std::int64_t r = 0; r < R; ++r) y[r] *= scale;
    const Number* u = row_of(points.u, s, 0, 0);
    for (std::int64_t j = 0; u != nullptr && j < factors_.inputs(); ++j) y[R + j] = gain * u[j];
  }
}

template <class Number>
void Kernel::add_drive(const Points<Number>& points, const Number* record, double keep,
                       const Output<Number>& out) const {
  const auto kept = static_cast<Number>(keep);
  const Number* y = record + drive();
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = row_of(points.x, s, 0, 0);
    Number* result = out.data + s * out.stride;
    for (std::int64_t i = 0; i < states(); ++i) result[i] = kept * x[i];
    for (std::int64_t i = 0; reduced_ && i < states(); ++i) result[i] += y[s * record_size() + i];
  }
  if (reduced_) return;
  factors_.lift(points.count, {y, record_size()}, factors_.right<Number>(points), out.data,
                out.stride);
}

template <class Number>
void Kernel::fill_argument_tangents(const Points<Number>& points, const Tangents<Number>& tangents,
                                    Number* a_dot) const {
  const std::int64_t N = factors_.units();
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* x_dot = reduced_ ? nullptr : row_of(tangents.x, r / K, r % K, N);
    x_dot == nullptr ? std::fill_n(a_dot + r * N, N, Number(0))
                     : std::copy_n(x_dot, N, a_dot + r * N);
  }
  if (reduced_ && tangents.x.data != nullptr) {
    const RightFactors<Number> weights = factors_.right<Number>(points);
    for_each_row_run(S, K, factors_.width(), tangents.x.stride, [&](const RowRun& run) {
      factors_.lift(run.count, {tangents.x.data + run.offset, run.stride}, weights,
                    a_dot + run.first * N, run.step * N);
    });
  }
  if (tangents.theta.data == nullptr) return;
  for_each_direction(
      S, K, factors_.parameters(), tangents.theta.data, tangents.theta.stride,
      [&](const Number* theta_dot, std::int64_t first, std::int64_t rows, std::int64_t sample) {
        Number* target = a_dot + first * N;
        if (reduced_) {
          factors_.lift(rows, rows_of(from_sample(points.x, sample)), factors_.right(theta_dot),
                        target, K * N);
        }
        const Number* bias_dot = factors_.blocks(theta_dot).bias;
        for (std::int64_t s = 0; bias_dot != nullptr && s < rows; ++s) {
          for (std::int64_t i = 0; i < N; ++i) target[s * K * N + i] += bias_dot[i];
        }
      });
}

template <class Number>
void Kernel::fill_drive_tangents(const Points<Number>& points, const Number* record,
                                 const Tangents<Number>& tangents, const Number* a_dot,
                                 Number* y_dot) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const std::int64_t width = factors_.width();
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  std::fill_n(y_dot, S * K * width, Number(0));
  factors_.project(S * K, {a_dot, N}, factors_.right<Number>(points), y_dot, width);
  if (tangents.theta.data != nullptr) {
    for_each_direction(
        S, K, factors_.parameters(), tangents.theta.data, tangents.theta.stride,
        [&](const Number* theta_dot, std::int64_t first, std::int64_t rows, std::int64_t sample) {
          factors_.project(rows, {record + sample * record_size(), record_size()},
                           factors_.right(theta_dot), y_dot + first * width, K * width);
        });
  }
  const auto scale = static_cast<Number>(gain_ / static_cast<double>(N));
  const auto gain = static_cast<Number>(gain_);
  for (std::int64_t r = 0; r < S * K; ++r) {
    Number* y = y_dot + r * width;
    for (std::int64_t i = 0; i < R; ++i) y[i] *= scale;
    const Number* u_dot = row_of(tangents.u, r / K, r % K, factors_.inputs());
    for (std::int64_t j = 0; u_dot != nullptr && j < factors_.inputs(); ++j) {
      y[R + j] = gain * u_dot[j];
    }
  }
}

// (4)
template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const std::int64_t n = states();
  const std::int64_t width = factors_.width();
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  const auto kept = static_cast<Number>(keep_);
  Number* a_dot = work;
  Number* y_dot = work + S * K * factors_.units();
  fill_argument_tangents(points, tangents, a_dot);
  for (std::int64_t r = 0; r < S * K; ++r) {
    multiply_by_slopes(record + r / K * record_size(), a_dot + r * factors_.units());
  }
  fill_drive_tangents(points, record, tangents, a_dot, y_dot);

  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* x_dot = row_of(tangents.x, r / K, r % K, n);
    Number* result = row_of(out, r / K, r % K, n);
    for (std::int64_t i = 0; i < n; ++i) {
      result[i] = x_dot != nullptr ? kept * x_dot[i] : Number(0);
    }
    for (std::int64_t i = 0; reduced_ && i < n; ++i) result[i] += y_dot[r * width + i];
  }
  if (reduced_) return;
  const RightFactors<Number> weights = factors_.right<Number>(points);
  for_each_row_run(S, K, n, out.stride, [&](const RowRun& run) {
    factors_.lift(run.count, {y_dot + run.first * width, run.step * width}, weights,
                  out.data + run.offset, run.stride);
  });
  if (tangents.theta.data == nullptr) return;
  for_each_direction(
      S, K, factors_.parameters(), tangents.theta.data, tangents.theta.stride,
      [&](const Number* theta_dot, std::int64_t first, std::int64_t rows, std::int64_t sample) {
        factors_.lift(rows, {record + sample * record_size() + drive(), record_size()},
                      factors_.right(theta_dot), row_of(out, sample, first % K, n), out.stride);
      });
}

template <class Number>
void Kernel::fill_drive_cotangents(const Points<Number>& points,
                                   const Cotangents<Number>& cotangents, Number* y_bar) const {
  const std::int64_t width = factors_.width();
  const std::int64_t K = cotangents.count;
  if (reduced_) {
    for (std::int64_t r = 0; r < points.count * K; ++r) {
      std::copy_n(row_of(cotangents.out, r / K, r % K, width), width, y_bar + r * width);
    }
    return;
  }
  std::fill_n(y_bar, points.count * K * width, Number(0));
  const RightFactors<Number> weights = factors_.right(points.theta.data);
  for_each_row_run(
      points.count, K, factors_.units(), cotangents.out.stride, [&](const RowRun& run) {
        factors_.lift_adjoint(run.count, {cotangents.out.data + run.offset, run.stride}, weights,
                              y_bar + run.first * width, run.step * width);
      });
}

template <class Number>
void Kernel::add_to_parameters(const Points<Number>& points, const Number* record,
                               const Cotangents<Number>& cotangents, const Number* q_bar,
                               const Number* a_bar) const {
  const std::int64_t N = factors_.units();
  const std::int64_t width = factors_.width();
  const std::int64_t K = cotangents.count;
  for_each_direction(
      points.count, K, factors_.parameters(), cotangents.theta.data, cotangents.theta.stride,
      [&](Number* theta_bar, std::int64_t first, std::int64_t rows, std::int64_t sample) {
        const Blocks<Number> bar = factors_.blocks(theta_bar);
        const Number* own = record + sample * record_size();
        const Number* a = a_bar + first * N;
        if (reduced_) {
          factors_.lift_to_parameters(rows, {a, K * N}, rows_of(from_sample(points.x, sample)),
                                      bar);
        } else {
          factors_.lift_to_parameters(
              rows, {row_of(cotangents.out, sample, first % K, N), cotangents.out.stride},
              {own + drive(), record_size()}, bar);
        }
        factors_.project_to_parameters(rows, {own, record_size()},
                                       {q_bar + first * width, K * width}, bar);
        for (std::int64_t s = 0; bar.bias != nullptr && s < rows; ++s) {
          for (std::int64_t i = 0; i < N; ++i) bar.bias[i] += a[s * K * N + i];
        }
      });
}

// (5)
template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const std::int64_t N = factors_.units();
  const std::int64_t R = factors_.rank();
  const std::int64_t width = factors_.width();
  const std::int64_t rows = points.count * cotangents.count;
  const std::int64_t K = cotangents.count;
  const auto scale = static_cast<Number>(gain_ / static_cast<double>(N));
  const auto gain = static_cast<Number>(gain_);
  const auto kept = static_cast<Number>(keep_);
  Number* a_bar = work;
  Number* q_bar = work + rows * N;  // y_bar, until its first R numbers are scaled
  fill_drive_cotangents(points, cotangents, q_bar);
  for (std::int64_t r = 0; r < rows; ++r) {
    Number* y_bar = q_bar + r * width;
    Number* u_bar = row_of(cotangents.u, r / K, r % K, factors_.inputs());
    for (std::int64_t j = 0; u_bar != nullptr && j < factors_.inputs(); ++j) {
      u_bar[j] = gain * y_bar[R + j];
    }
    for (std::int64_t i = 0; i < R; ++i) y_bar[i] *= scale;
  }
  if (cotangents.x.data == nullptr && cotangents.theta.data == nullptr) return;

  const RightFactors<Number> weights = factors_.right<Number>(points);
  std::fill_n(a_bar, rows * N, Number(0));
  factors_.project_adjoint(rows, {q_bar, width}, weights, a_bar, N);
  for (std::int64_t r = 0; r < rows; ++r) {
    multiply_by_slopes(record + r / K * record_size(), a_bar + r * N);
  }
  if (cotangents.theta.data != nullptr) add_to_parameters(points, record, cotangents, q_bar, a_bar);
  if (cotangents.x.data == nullptr) return;
  for (std::int64_t r = 0; r < rows; ++r) {
    const Number* o = row_of(cotangents.out, r / K, r % K, states());
    Number* x_bar = row_of(cotangents.x, r / K, r % K, states());
    for (std::int64_t i = 0; i < states(); ++i) x_bar[i] = kept * o[i];
    for (std::int64_t i = 0; !reduced_ && i < N; ++i) x_bar[i] += a_bar[r * N + i];
  }
  if (!reduced_) return;
  const RightFactors<Number> rowwise = factors_.right(points.theta.data);
  for_each_row_run(points.count, K, width, cotangents.x.stride, [&](const RowRun& run) {
    factors_.lift_adjoint(run.count, {a_bar + run.first * N, run.step * N}, rowwise,
                          cotangents.x.data + run.offset, run.stride);
  });
}

void Kernel::residual(const dk_points& points, const double* record, const dk_output& r) const {
  add_drive<double>(points, record, -gain_, r);
  for (std::int64_t s = 0; s < points.count; ++s) {
    for (std::int64_t i = 0; i < states(); ++i) r.data[s * r.stride + i] /= gain_;
  }
}

#define DYNKIT_INSTANTIATE(Number)                                                           \
  template void Kernel::activate(const Points<Number>&, Number*) const;                      \
  template void Kernel::add_drive(const Points<Number>&, const Number*, double,              \
                                  const Output<Number>&) const;                              \
  template void Kernel::jvp(const Points<Number>&, const Number*, const Tangents<Number>&,   \
                            Number*, const Output<Number>&) const;                           \
  template void Kernel::vjp(const Points<Number>&, const Number*, const Cotangents<Number>&, \
                            Number*) const;
DYNKIT_INSTANTIATE(double)
DYNKIT_INSTANTIATE(float)

}  // namespace dynkit::low_rank_rnn
