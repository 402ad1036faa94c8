#include "langevin.hpp"

#include <algorithm>

#include "dynkit/matrix_product.hpp"
#include "dynkit/network_model.hpp"
#include "dynkit/views.hpp"

namespace dynkit::langevin {
namespace {

template <class Number>
const Number* row(const Input<Number>& input, std::int64_t s) {
  return input.data == nullptr ? nullptr : input.data + s * input.stride;
}

}  // namespace

std::int64_t Kernel::work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
  const std::int64_t k = structure_.k;
  const auto own = [this](std::int64_t samples, std::int64_t directions) {
    return std::visit([&](const auto& U) { return U.work_size(samples, directions); }, potential_);
  };
  switch (operation) {
    case DK_JACOBIAN:
      return k * k + own(1, k);
    case DK_JVP:
      return own(S, K);
    case DK_VJP:
      return S * K * k + own(S, K);
    default:
      return 0;
  }
}

template <class Number>
Kernel::Coefficients<Number> Kernel::coefficients(const Number* theta) const {
  const Number gamma = theta[friction()];
  if (!structure_.map) return {Number(0), Number(1), Number(1), -gamma, Number(0)};
  const auto D = static_cast<Number>(structure_.step);
  return {Number(1), D, (Number(1) - gamma) * D, Number(1) - gamma, -D};
}

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  const std::int64_t k = structure_.k, m = structure_.m;
  const std::int64_t stride = record_size();
  for (std::int64_t s = 0; s < points.count; ++s) {
    std::copy_n(row<Number>(points.x, s), k, record + s * stride);
  }
  const std::int64_t gradient = std::visit(
      [&](const auto& U) {
        U.activate(points.count, weights<Number>(points), record, stride);
        return U.gradient();
      },
      potential_);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* g = record + s * stride + gradient;
    Number* F = record + s * stride + force();
    for (std::int64_t i = 0; i < k; ++i) F[i] = -g[i];
  }
  if (points.u.data == nullptr) return;
  const MatrixOf<Number> B{points.theta.data + input_weights(), m};
  add_product(points.count, k, m, rows_of(points.u), B.transposed(), record + force(), stride);
}

template <class Number>
void Kernel::eval(const Points<Number>& points, const Number* record,
                  const Output<Number>& out) const {
  const std::int64_t k = structure_.k;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Coefficients<Number> by = coefficients(row<Number>(points.theta, s));
    const Number *z = row<Number>(points.x, s), *v = z + k;
    const Number* F = record + s * record_size() + force();
    Number* to = out.data + s * out.stride;
    for (std::int64_t i = 0; i < k; ++i) {
      to[i] = by.keep * z[i] + by.move * v[i];
      to[k + i] = by.push * F[i] + by.slow * v[i];
    }
  }
}

// [keep, move; -push H, slow]
template <class Number>
void Kernel::state_jacobian(const Records<Number>& one, const Coefficients<Number>& by,
                            Number* work, Number* J, std::int64_t row_stride) const {
  const std::int64_t k = structure_.k;
  Number* lower = J + k * row_stride;
  std::visit([&](const auto& U) { U.hessian(one, lower, row_stride, work); }, potential_);
  for (std::int64_t i = 0; i < k; ++i) {
    Number *above = J + i * row_stride, *below = lower + i * row_stride;
    for (std::int64_t j = 0; j < k; ++j) below[j] *= -by.push;
    std::fill_n(above, 2 * k, Number(0));
    std::fill_n(below + k, k, Number(0));
    above[i] = by.keep;
    above[k + i] = by.move;
    below[k + i] = by.slow;
  }
}

template <class Number>
void Kernel::parameter_jacobian(const Records<Number>& one, const Coefficients<Number>& by,
                                const Number* v, const Number* u, Number* work, Number* J,
                                std::int64_t row_stride) const {
  const std::int64_t k = structure_.k, m = structure_.m;
  for (std::int64_t i = 0; i < n(); ++i) std::fill_n(J + i * row_stride, parameters(), Number(0));
  Number* lower = J + k * row_stride;
  std::fill_n(work, k * k, Number(0));
  for (std::int64_t i = 0; i < k; ++i) work[i * k + i] = -by.push;
  std::visit(
      [&](const auto& U) {
        U.vjp(one, k, work, Directions<Number>{lower, 0, row_stride}, {}, work + k * k);
      },
      potential_);
  const Number* F = one.data + force();
  for (std::int64_t i = 0; i < k; ++i) {
    Number* to = lower + i * row_stride;
    for (std::int64_t j = 0; u != nullptr && j < m; ++j) {
      to[input_weights() + i * m + j] = by.push * u[j];
    }
    to[friction()] = by.push_by_gamma * F[i] - v[i];
  }
}

template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt,
                      Number* work, const Matrices<Number>& J) const {
  const std::int64_t k = structure_.k, m = structure_.m;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* theta = row<Number>(points.theta, s);
    const Coefficients<Number> by = coefficients(theta);
    Records<Number> one = records<Number>(points, record + s * record_size());
    one.S = 1;
    Number* matrix = J.data + s * J.sample_stride;
    if (wrt == DK_WRT_STATE) {
      state_jacobian(one, by, work, matrix, J.row_stride);
    } else if (wrt == DK_WRT_PARAMETERS) {
      parameter_jacobian(one, by, row<Number>(points.x, s) + k, row<Number>(points.u, s), work,
                         matrix, J.row_stride);
    } else {
      for (std::int64_t i = 0; i < k; ++i) {
        std::fill_n(matrix + i * J.row_stride, m, Number(0));
        for (std::int64_t j = 0; j < m; ++j) {
          matrix[(k + i) * J.row_stride + j] = by.push * theta[input_weights() + i * m + j];
        }
      }
    }
  }
}

template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const std::int64_t k = structure_.k, m = structure_.m;
  const std::int64_t K = tangents.count;
  const Directions<const Number> x_dot{tangents.x.data, tangents.x.stride, n()},
      u_dot{tangents.u.data, tangents.u.stride, m},
      theta_dot{tangents.theta.data, tangents.theta.stride, parameters()};
  // g_dot stands where v_dot will.
  std::visit(
      [&](const auto& U) {
        U.jvp(records<Number>(points, record), K, x_dot, theta_dot,
              Directions<Number>{out.data + k, out.stride, n()}, work);
      },
      potential_);
  for (std::int64_t r = 0; r < points.count * K; ++r) {
    const std::int64_t s = r / K;
    const Number* theta = row<Number>(points.theta, s);
    const Coefficients<Number> by = coefficients(theta);
    const Number *v = row<Number>(points.x, s) + k, *u = row<Number>(points.u, s);
    const Number* B = theta + input_weights();
    const Number* F = record + s * record_size() + force();
    Number *z_to = out.data + s * out.stride + r % K * n(), *v_to = z_to + k;
    std::fill_n(z_to, k, Number(0));
    for (std::int64_t i = 0; i < k; ++i) {
      Number F_dot = -v_to[i];
      for (std::int64_t j = 0; u_dot.data != nullptr && j < m; ++j) {
        F_dot += B[i * m + j] * at(u_dot, s, r % K)[j];
      }
      if (theta_dot.data != nullptr && u != nullptr) {
        const Number* B_dot = at(theta_dot, s, r % K) + input_weights();
        for (std::int64_t j = 0; j < m; ++j) F_dot += B_dot[i * m + j] * u[j];
      }
      v_to[i] = by.push * F_dot;
      if (theta_dot.data != nullptr) {
        v_to[i] += at(theta_dot, s, r % K)[friction()] * (by.push_by_gamma * F[i] - v[i]);
      }
      if (x_dot.data == nullptr) continue;
      const Number *z_dot = at(x_dot, s, r % K), *v_dot = z_dot + k;
      z_to[i] = by.keep * z_dot[i] + by.move * v_dot[i];
      v_to[i] += by.slow * v_dot[i];
    }
  }
}

template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const std::int64_t k = structure_.k, m = structure_.m;
  const std::int64_t K = cotangents.count, rows = points.count * K;
  const Directions<const Number> out_bar{cotangents.out.data, cotangents.out.stride, n()};
  const Directions<Number> x_bar{cotangents.x.data, cotangents.x.stride, n()},
      u_bar{cotangents.u.data, cotangents.u.stride, m},
      theta_bar{cotangents.theta.data, cotangents.theta.stride, parameters()};
  Number* g_bar = work;
  for (std::int64_t r = 0; r < rows; ++r) {
    const Coefficients<Number> by = coefficients(row<Number>(points.theta, r / K));
    const Number* v_out = at(out_bar, r / K, r % K) + k;
    for (std::int64_t i = 0; i < k; ++i) g_bar[r * k + i] = -by.push * v_out[i];
  }
  std::visit(
      [&](const auto& U) {
        U.vjp(records<Number>(points, record), K, std::as_const(g_bar), theta_bar, x_bar,
              work + rows * k);
      },
      potential_);
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t s = r / K;
    const Number* theta = row<Number>(points.theta, s);
    const Coefficients<Number> by = coefficients(theta);
    const Number *z_out = at(out_bar, s, r % K), *v_out = z_out + k;
    if (x_bar.data != nullptr) {
      Number* to = at(x_bar, s, r % K);
      for (std::int64_t i = 0; i < k; ++i) {
        to[i] += by.keep * z_out[i];
        to[k + i] = by.move * z_out[i] + by.slow * v_out[i];
      }
    }
    if (u_bar.data != nullptr) {
      Number* to = at(u_bar, s, r % K);
      std::fill_n(to, m, Number(0));
      const Number* B = theta + input_weights();
      for (std::int64_t i = 0; i < k; ++i) {
        for (std::int64_t j = 0; j < m; ++j) to[j] -= g_bar[r * k + i] * B[i * m + j];
      }
    }
    if (theta_bar.data == nullptr) continue;
    Number* bar = at(theta_bar, s, r % K);
    const Number *v = row<Number>(points.x, s) + k, *u = row<Number>(points.u, s);
    const Number* F = record + s * record_size() + force();
    Number inner = 0;
    for (std::int64_t i = 0; i < k; ++i) {
      inner += v_out[i] * (by.push_by_gamma * F[i] - v[i]);
      for (std::int64_t j = 0; u != nullptr && j < m; ++j) {
        bar[input_weights() + i * m + j] -= g_bar[r * k + i] * u[j];
      }
    }
    bar[friction()] += inner;
  }
}

DYNKIT_INSTANTIATE_KERNEL(Kernel)

}  // namespace dynkit::langevin
