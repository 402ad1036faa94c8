#include "node.hpp"

#include <algorithm>

#include "dynkit/network_model.hpp"
#include "dynkit/views.hpp"

namespace dynkit::node {
namespace {

std::vector<std::int64_t> widths_of(const Structure& structure) {
  std::vector<std::int64_t> widths = {structure.k + structure.m + (structure.sees_time ? 1 : 0)};
  widths.insert(widths.end(), structure.hidden.begin(), structure.hidden.end());
  widths.push_back(structure.k);
  return widths;
}

template <class Number>
Weights<Number> weights_of(const Points<Number>& points) {
  return {points.theta.data, static_cast<const Number*>(points.prepared)};
}

}  // namespace

Kernel::Kernel(const Structure& structure)
    : structure_(structure),
      field_(widths_of(structure), structure.activation, Activation::identity) {}

void Kernel::unstandardize(double* x) const {
  const std::int64_t k = structure_.k;
  for (std::int64_t i = 0; i < n(); ++i) x[i] *= scale<double>(i % k);
  for (std::int64_t i = 0; i < k; ++i) x[i] += center<double>(i);
}

std::int64_t Kernel::work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
  switch (operation) {
    case DK_JACOBIAN:
      return field_.work_size(structure_.k);
    case DK_JVP:
      return field_.work_size(S * K) + S * K * field_.width();
    case DK_VJP:
      return field_.work_size(S * K);
    default:
      return 0;
  }
}

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  const auto [k, m] = std::pair(structure_.k, structure_.m);
  const std::int64_t stride = record_size();
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* z = record + s * stride;
    const Number* x = points.x.data + s * points.x.stride;
    for (std::int64_t i = 0; i < k; ++i) z[i] = (x[i] - center<Number>(i)) / scale<Number>(i);
    if (points.u.data != nullptr) {
      std::copy_n(points.u.data + s * points.u.stride, m, z + k);
    } else {
      std::fill_n(z + k, m, Number(0));
    }
    if (structure_.sees_time) {
      const double t = points.t.data != nullptr ? points.t.data[s * points.t.stride] : 0.0;
      z[k + m] = static_cast<Number>(t);
    }
  }
  field_.activate(points.count, weights_of<Number>(points), record, stride);
}

template <class Number>
void Kernel::eval(const Points<Number>& points, const Number* record,
                  const Output<Number>& out) const {
  const std::int64_t k = structure_.k;
  const auto h = static_cast<Number>(gain());
  const auto one = static_cast<Number>(keep());
  const auto c = static_cast<Number>(leak());
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* z = record + s * record_size();
    const Number* f = z + field_.output();
    Number* result = out.data + s * out.stride;
    if (!structure_.second_order) {
      for (std::int64_t i = 0; i < k; ++i) {
        result[i] = one * x[i] + h * (scale<Number>(i) * (f[i] - c * z[i]));
      }
      continue;
    }
    const Number* v = x + k;
    const Number gamma = damping(points.theta.data + s * points.theta.stride);
    for (std::int64_t i = 0; i < k; ++i) {
      result[i] = one * x[i] + h * v[i];
      result[k + i] = one * v[i] + h * (scale<Number>(i) * (f[i] - c * z[i]) - gamma * v[i]);
    }
  }
}

// J = gain scale df/dz dz/d. in the rows of f, and the linear rest of (1) to (3), to which the leak
// belongs: scale c x~ = c (x - center).
template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt,
                      Number* work, const Matrices<Number>& J) const {
  const std::int64_t k = structure_.k;
  const std::int64_t columns = wrt == DK_WRT_STATE   ? n()
                               : wrt == DK_WRT_INPUT ? structure_.m
                                                     : parameters();
  const std::int64_t first = structure_.second_order ? k : 0;  // row of f
  const auto h = static_cast<Number>(gain());
  const auto one = static_cast<Number>(keep());
  const auto c = static_cast<Number>(leak());
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* matrix = J.data + s * J.sample_stride;
    const Number* theta = points.theta.data + s * points.theta.stride;
    for (std::int64_t i = 0; i < n(); ++i)
      std::fill_n(matrix + i * J.row_stride, columns, Number(0));
    Number* d = work;
    for (std::int64_t i = 0; i < k; ++i) {
      std::fill_n(d + i * field_.width(), k, Number(0));
      d[i * field_.width() + i] = h * scale<Number>(i);
    }
    const bool parametric = wrt == DK_WRT_PARAMETERS;
    const ThetaDirections<Number> theta_bar{parametric ? matrix + first * J.row_stride : nullptr, 0,
                                            J.row_stride};
    const Number* z_bar =
        field_.vjp(1, k, Weights<Number>{theta, nullptr}, record + s * record_size(), record_size(),
                   d, theta_bar, !parametric, work);
    if (wrt == DK_WRT_STATE) {
      for (std::int64_t i = 0; i < k; ++i) {
        Number* row = matrix + (first + i) * J.row_stride;
        const Number* slope = z_bar + i * field_.width();
        for (std::int64_t j = 0; j < k; ++j) row[j] = slope[j] / scale<Number>(j);
        row[i] -= h * c;
        row[first + i] += one;
        if (!structure_.second_order) continue;
        row[k + i] -= h * damping(theta);
        Number* position = matrix + i * J.row_stride;
        position[i] += one;
        position[k + i] += h;
      }
    } else if (wrt == DK_WRT_INPUT) {
      for (std::int64_t i = 0; i < k; ++i) {
        std::copy_n(z_bar + i * field_.width() + k, structure_.m,
                    matrix + (first + i) * J.row_stride);
      }
    } else if (structure_.second_order) {
      const Number* v = points.x.data + s * points.x.stride + k;
      for (std::int64_t i = 0; i < k; ++i) {
        matrix[(k + i) * J.row_stride + field_.parameters()] = -h * v[i];
      }
    }
  }
}

template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const auto [k, m] = std::pair(structure_.k, structure_.m);
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  const std::int64_t width = field_.width();
  Number* z_dot = work + field_.work_size(S * K);
  for (std::int64_t r = 0; r < S * K; ++r) {
    const std::int64_t s = r / K;
    Number* row = z_dot + r * width;
    std::fill_n(row, field_.inputs(), Number(0));
    if (tangents.x.data != nullptr) {
      const Number* x_dot = tangents.x.data + s * tangents.x.stride + r % K * n();
      for (std::int64_t i = 0; i < k; ++i) row[i] = x_dot[i] / scale<Number>(i);
    }
    if (tangents.u.data != nullptr) {
      std::copy_n(tangents.u.data + s * tangents.u.stride + r % K * m, m, row + k);
    }
  }
  const ThetaDirections<const Number> theta_dot{tangents.theta.data, tangents.theta.stride,
                                                parameters()};
  const Number* f_dot =
      field_.jvp(S, K, weights_of<Number>(points), record, record_size(), z_dot, theta_dot, work);

  const auto h = static_cast<Number>(gain());
  const auto one = static_cast<Number>(keep());
  const auto c = static_cast<Number>(leak());
  for (std::int64_t r = 0; r < S * K; ++r) {
    const std::int64_t s = r / K;
    const Number* theta = points.theta.data + s * points.theta.stride;
    const Number* f = f_dot + r * width;
    const Number* x_dot = tangents.x.data == nullptr
                              ? nullptr
                              : tangents.x.data + s * tangents.x.stride + r % K * n();
    Number* result = out.data + s * out.stride + r % K * n();
    Number* rate = structure_.second_order ? result + k : result;
    for (std::int64_t i = 0; i < k; ++i) rate[i] = h * (scale<Number>(i) * f[i]);
    if (structure_.second_order) {
      std::fill_n(result, k, Number(0));
      if (tangents.theta.data != nullptr) {
        const Number gamma_dot =
            damping(tangents.theta.data + s * tangents.theta.stride + r % K * parameters());
        const Number* v = points.x.data + s * points.x.stride + k;
        for (std::int64_t i = 0; i < k; ++i) rate[i] -= h * gamma_dot * v[i];
      }
    }
    if (x_dot == nullptr) continue;
    for (std::int64_t i = 0; i < n(); ++i) result[i] += one * x_dot[i];
    for (std::int64_t i = 0; i < k; ++i) rate[i] -= h * c * x_dot[i];
    if (!structure_.second_order) continue;
    const Number gamma = damping(theta);
    for (std::int64_t i = 0; i < k; ++i) {
      result[i] += h * x_dot[k + i];
      rate[i] -= h * gamma * x_dot[k + i];
    }
  }
}

template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const auto [k, m] = std::pair(structure_.k, structure_.m);
  const std::int64_t S = points.count;
  const std::int64_t K = cotangents.count;
  const std::int64_t width = field_.width();
  const auto h = static_cast<Number>(gain());
  const std::int64_t first = structure_.second_order ? k : 0;
  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* o = cotangents.out.data + r / K * cotangents.out.stride + r % K * n() + first;
    for (std::int64_t i = 0; i < k; ++i) work[r * width + i] = h * scale<Number>(i) * o[i];
  }
  const ThetaDirections<Number> theta_bar{cotangents.theta.data, cotangents.theta.stride,
                                          parameters()};
  const bool wants_z = cotangents.x.data != nullptr || cotangents.u.data != nullptr;
  const Number* z_bar = field_.vjp(S, K, weights_of<Number>(points), record, record_size(), work,
                                   theta_bar, wants_z, work);

  const auto one = static_cast<Number>(keep());
  const auto c = static_cast<Number>(leak());
  for (std::int64_t r = 0; r < S * K; ++r) {
    const std::int64_t s = r / K;
    const Number* o = cotangents.out.data + s * cotangents.out.stride + r % K * n();
    if (cotangents.x.data != nullptr) {
      Number* x_bar = cotangents.x.data + s * cotangents.x.stride + r % K * n();
      const Number* z = z_bar + r * width;
      for (std::int64_t i = 0; i < k; ++i) {
        x_bar[i] = one * o[i] + z[i] / scale<Number>(i) - h * c * o[first + i];
      }
      if (structure_.second_order) {
        const Number gamma = damping(points.theta.data + s * points.theta.stride);
        for (std::int64_t i = 0; i < k; ++i) {
          x_bar[k + i] = one * o[k + i] + h * (o[i] - gamma * o[k + i]);
        }
      }
    }
    if (cotangents.u.data != nullptr) {
      std::copy_n(z_bar + r * width + k, m,
                  cotangents.u.data + s * cotangents.u.stride + r % K * m);
    }
    if (cotangents.theta.data != nullptr && structure_.second_order) {
      const Number* v = points.x.data + s * points.x.stride + k;
      Number sum = 0;
      for (std::int64_t i = 0; i < k; ++i) sum += o[k + i] * v[i];
      cotangents.theta
          .data[s * cotangents.theta.stride + r % K * parameters() + field_.parameters()] -=
          h * sum;
    }
  }
}

DYNKIT_INSTANTIATE_KERNEL(Kernel)

}  // namespace dynkit::node
