#include "readout.hpp"

#include <algorithm>

#include "dynkit/network_model.hpp"
#include "dynkit/vector_math.hpp"
#include "dynkit/views.hpp"

namespace dynkit::readout {
namespace {

template <class Number>
Weights<Number> weights_of(const Points<Number>& points) {
  return {points.theta.data, static_cast<const Number*>(points.prepared)};
}

// exp(a - max a) / sum: no overflow.
template <class Number>
void softmax(std::int64_t o, Number* y) {
  const Number largest = *std::max_element(y, y + o);
  for (std::int64_t i = 0; i < o; ++i) y[i] -= largest;
  vector_math::exp(y, y, o);
  Number sum = 0;
  for (std::int64_t i = 0; i < o; ++i) sum += y[i];
  for (std::int64_t i = 0; i < o; ++i) y[i] /= sum;
}

}  // namespace

std::int64_t Kernel::work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
  switch (operation) {
    case DK_JACOBIAN:
      return map_.work_size(map_.outputs());
    case DK_JVP:
      return map_.work_size(S * K) + S * K * map_.width();
    case DK_VJP:
      return map_.work_size(S * K);
    default:
      return 0;
  }
}

template <class Number>
void Kernel::apply_link_slope(const Number* y, Number* dot) const {
  const std::int64_t o = map_.outputs();
  Number mean = 0;
  if (link_ == Link::identity) return;
  if (link_ == Link::softmax) {
    for (std::int64_t i = 0; i < o; ++i) mean += y[i] * dot[i];
  }
  for (std::int64_t i = 0; i < o; ++i) dot[i] = y[i] * (dot[i] - mean);
}

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  const std::int64_t stride = record_size();
  const std::int64_t o = map_.outputs();
  for (std::int64_t s = 0; s < points.count; ++s) {
    std::copy_n(points.x.data + s * points.x.stride, map_.inputs(), record + s * stride);
  }
  map_.activate(points.count, weights_of<Number>(points), record, stride);
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* y = record + s * stride + map_.record_size();
    std::copy_n(record + s * stride + map_.output(), o, y);
    if (link_ == Link::exp) vector_math::exp(y, y, o);
    if (link_ == Link::softmax) softmax(o, y);
  }
}

template <class Number>
void Kernel::eval(const Points<Number>& points, const Number* record,
                  const Output<Number>& out) const {
  for (std::int64_t s = 0; s < points.count; ++s) {
    std::copy_n(record + s * record_size() + map_.record_size(), map_.outputs(),
                out.data + s * out.stride);
  }
}

template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt,
                      Number* work, const Matrices<Number>& J) const {
  const auto [n, o] = std::pair(map_.inputs(), map_.outputs());
  const bool parametric = wrt == DK_WRT_PARAMETERS;
  if (wrt == DK_WRT_INPUT) return;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* row = record + s * record_size();
    Number* matrix = J.data + s * J.sample_stride;
    for (std::int64_t i = 0; i < o; ++i) {
      std::fill_n(work + i * map_.width(), o, Number(0));
      work[i * map_.width() + i] = Number(1);
      apply_link_slope(row + map_.record_size(), work + i * map_.width());
      if (parametric) std::fill_n(matrix + i * J.row_stride, map_.parameters(), Number(0));
    }
    const Weights<Number> weights{points.theta.data + s * points.theta.stride, nullptr};
    const ThetaDirections<Number> theta_bar{parametric ? matrix : nullptr, 0, J.row_stride};
    const Number* z_bar =
        map_.vjp(1, o, weights, row, record_size(), work, theta_bar, !parametric, work);
    for (std::int64_t i = 0; !parametric && i < o; ++i) {
      std::copy_n(z_bar + i * map_.width(), n, matrix + i * J.row_stride);
    }
  }
}

template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const auto [n, o] = std::pair(map_.inputs(), map_.outputs());
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  Number* z_dot = work + map_.work_size(S * K);
  for (std::int64_t r = 0; r < S * K; ++r) {
    Number* row = z_dot + r * map_.width();
    if (tangents.x.data != nullptr) {
      std::copy_n(tangents.x.data + r / K * tangents.x.stride + r % K * n, n, row);
    } else {
      std::fill_n(row, n, Number(0));
    }
  }
  const ThetaDirections<const Number> theta_dot{tangents.theta.data, tangents.theta.stride,
                                                map_.parameters()};
  Number* a_dot =
      map_.jvp(S, K, weights_of<Number>(points), record, record_size(), z_dot, theta_dot, work);
  for (std::int64_t r = 0; r < S * K; ++r) {
    Number* dot = a_dot + r * map_.width();
    apply_link_slope(record + r / K * record_size() + map_.record_size(), dot);
    std::copy_n(dot, o, out.data + r / K * out.stride + r % K * o);
  }
}

template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const auto [n, o] = std::pair(map_.inputs(), map_.outputs());
  const std::int64_t S = points.count;
  const std::int64_t K = cotangents.count;
  for (std::int64_t r = 0; r < S * K; ++r) {
    Number* d = work + r * map_.width();
    std::copy_n(cotangents.out.data + r / K * cotangents.out.stride + r % K * o, o, d);
    apply_link_slope(record + r / K * record_size() + map_.record_size(), d);
  }
  const ThetaDirections<Number> theta_bar{cotangents.theta.data, cotangents.theta.stride,
                                          map_.parameters()};
  const bool wants_z = cotangents.x.data != nullptr;
  const Number* z_bar = map_.vjp(S, K, weights_of<Number>(points), record, record_size(), work,
                                 theta_bar, wants_z, work);
  for (std::int64_t r = 0; wants_z && r < S * K; ++r) {
    std::copy_n(z_bar + r * map_.width(), n,
                cotangents.x.data + r / K * cotangents.x.stride + r % K * n);
  }
}

DYNKIT_INSTANTIATE_KERNEL(Kernel)

}  // namespace dynkit::readout
