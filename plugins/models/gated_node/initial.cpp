#include "initial.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "dynkit/error.hpp"

namespace dynkit::gated_node {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Calls body(layer) for the layers of F and G.
template <class Body>
void for_each_layer(const Kernel& kernel, Body&& body) {
  for (const Mlp::Layer& layer : kernel.field().layers()) body(layer);
  if (!kernel.gate()) return;
  for (const Mlp::Layer& layer : kernel.gate()->layers()) body(layer);
}

// dF/dx at x = 0, u = 0.
Matrix field_jacobian(const Mlp& field, const double* theta) {
  const std::int64_t n = field.outputs();
  std::vector<double> record(static_cast<std::size_t>(field.record_size()), 0.0);
  std::vector<double> work(static_cast<std::size_t>(field.work_size(n)), 0.0);
  field.activate(1, Weights<double>{theta, nullptr}, record.data(), field.record_size());
  for (std::int64_t i = 0; i < n; ++i) work[static_cast<std::size_t>(i * field.width() + i)] = 1.0;
  const double* rows =
      field.vjp(1, n, Weights<double>{theta, nullptr}, record.data(), field.record_size(),
                work.data(), ThetaDirections<double>{nullptr, 0, 0}, true, work.data());
  Matrix J(n, n);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) J(i, j) = rows[i * field.width() + j];
  }
  return J;
}

// Scales F such that the rightmost eigenvalue of dF/dx at x = 0, u = 0 is 1; false: it is not
// positive, no scale does it. The bias of layer l takes the l-th power of the scale: then a field
// of ReLUs is homogeneous in it, no unit switches, and one step is exact. Others take a few.
bool scale_to_critical(const Mlp& field, double* theta) {
  const auto depth = static_cast<double>(field.layers().size());
  for (int step = 0; step < 100; ++step) {
    const double rightmost = field_jacobian(field, theta).eigenvalues().real().maxCoeff();
    if (!(rightmost > 0.0)) return false;
    if (std::abs(rightmost - 1.0) < 1e-11) return true;
    const double scale = std::pow(rightmost, -1.0 / depth);
    double power = 1.0;
    for (const Mlp::Layer& layer : field.layers()) {
      power *= scale;
      for (std::int64_t i = layer.weight; i < layer.bias; ++i) theta[i] *= scale;
      for (std::int64_t i = layer.bias; i < layer.bias + layer.out; ++i) theta[i] *= power;
    }
  }
  return false;
}

}  // namespace

void draw_glorot(const Kernel& kernel, const dk_host& host, dk_stream& stream, double* theta) {
  for_each_layer(kernel, [&](const Mlp::Layer& layer) {
    const double bound = std::sqrt(6.0 / static_cast<double>(layer.in + layer.out));
    host.uniform(&host, &stream, layer.in * layer.out, theta + layer.weight);
    for (std::int64_t i = layer.weight; i < layer.bias; ++i) {
      theta[i] = bound * (2.0 * theta[i] - 1.0);
    }
    std::fill_n(theta + layer.bias, layer.out, 0.0);
  });
}

void draw_critical(const Kernel& kernel, const dk_host& host, dk_stream& stream, double* theta) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    for_each_layer(kernel, [&](const Mlp::Layer& layer) {
      const double deviation = 1.0 / std::sqrt(static_cast<double>(layer.in));
      host.normal(&host, &stream, layer.in * layer.out + layer.out, theta + layer.weight);
      for (std::int64_t i = layer.weight; i < layer.bias; ++i) theta[i] *= deviation;
      for (std::int64_t i = layer.bias; i < layer.bias + layer.out; ++i) theta[i] *= 0.001;
    });
    if (scale_to_critical(kernel.field(), theta)) return;
  }
  throw Error(DK_NUMERIC, "initialization \"critical\": no draw of 100 can be scaled to it");
}

}  // namespace dynkit::gated_node
