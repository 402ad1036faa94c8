// With r = G * (F - c x) and g the rate, the result is kept x + g r, and
//     r_dot = G * (F_dot - c x_dot) + G_dot * (F - c x)                                        (3)
//     F_bar = g G * o,   G_bar = g (F - c x) * o,   x_bar = kept o - c F_bar + ...             (4)
// with o the cotangent of the result.
#include "gated_node.hpp"

#include <algorithm>

#include "dynkit/network_model.hpp"
#include "dynkit/views.hpp"

namespace dynkit::gated_node {
namespace {

std::vector<std::int64_t> widths_of(const Structure& structure,
                                    const std::vector<std::int64_t>& hidden) {
  std::vector<std::int64_t> widths = {structure.n + structure.m};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(structure.n);
  return widths;
}

template <class Number>
Weights<Number> weights_of(const Points<Number>& points) {
  return {points.theta.data, static_cast<const Number*>(points.prepared)};
}

// z = (x, u), or a tangent of it; NULL parts are zero.
template <class Number>
void join(std::int64_t n, const Number* x, std::int64_t m, const Number* u, Number* z) {
  x != nullptr ? std::copy_n(x, n, z) : std::fill_n(z, n, Number(0));
  u != nullptr ? std::copy_n(u, m, z + n) : std::fill_n(z + n, m, Number(0));
}

// Direction k of sample s; NULL stays NULL.
template <class Argument>
auto row_of(const Argument& argument, std::int64_t s, std::int64_t k, std::int64_t width) {
  return argument.data == nullptr ? nullptr : argument.data + s * argument.stride + k * width;
}

}  // namespace

Kernel::Kernel(const Structure& structure)
    : structure_(structure),
      field_(widths_of(structure, structure.hidden), structure.activation, structure.last) {
  if (structure.gated) {
    gate_.emplace(widths_of(structure, structure.gate_hidden), structure.activation,
                  Activation::sigmoid, field_.parameters());
  }
}

std::int64_t Kernel::work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
  const std::int64_t n = structure_.n;
  const auto both = [&](std::int64_t rows) {
    return std::max(field_.work_size(rows), gate_ ? gate_->work_size(rows) : 0);
  };
  switch (operation) {
    case DK_JACOBIAN:
    case DK_RESIDUAL:
      return both(n);
    case DK_JVP:
      return both(S * K) + S * K * std::max(field_.width(), gate_ ? gate_->width() : 0);
    case DK_VJP:
      return both(S * K);
    default:
      return 0;
  }
}

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  const std::int64_t stride = record_size();
  Number* gate_record = record + field_.record_size();
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = row_of(points.x, s, 0, 0);
    const Number* u = row_of(points.u, s, 0, 0);
    join(structure_.n, x, structure_.m, u, record + s * stride);
    if (gate_) join(structure_.n, x, structure_.m, u, gate_record + s * stride);
  }
  field_.activate(points.count, weights_of<Number>(points), record, stride);
  if (gate_) gate_->activate(points.count, weights_of<Number>(points), gate_record, stride);
}

template <class Number>
void Kernel::eval(const Points<Number>& points, const Number* record,
                  const Output<Number>& out) const {
  const std::int64_t n = structure_.n;
  const auto kept = Number(structure_.map ? 1 : 0);
  const auto c = Number(structure_.leak ? 1 : 0);
  const auto rate = static_cast<Number>(structure_.rate);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* F = field_of(record, s);
    const Number* G = gate_of(record, s);
    Number* result = out.data + s * out.stride;
    if (G == nullptr) {
      for (std::int64_t i = 0; i < n; ++i) result[i] = kept * x[i] + rate * (F[i] - c * x[i]);
    } else {
      for (std::int64_t i = 0; i < n; ++i) {
        result[i] = kept * x[i] + rate * (G[i] * (F[i] - c * x[i]));
      }
    }
  }
}

template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt,
                      Number* work, const Matrices<Number>& J) const {
  const std::int64_t n = structure_.n;
  const bool parametric = wrt == DK_WRT_PARAMETERS;
  const std::int64_t columns = wrt == DK_WRT_STATE   ? n
                               : wrt == DK_WRT_INPUT ? structure_.m
                                                     : parameters();
  const std::int64_t first = wrt == DK_WRT_INPUT ? n : 0;  // of the columns in z
  const auto kept = Number(structure_.map ? 1 : 0);
  const auto c = Number(structure_.leak ? 1 : 0);
  const auto rate = static_cast<Number>(structure_.rate);
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* F = field_of(record, s);
    const Number* G = gate_of(record, s);
    const Weights<Number> weights{points.theta.data + s * points.theta.stride, nullptr};
    Number* matrix = J.data + s * J.sample_stride;
    for (std::int64_t i = 0; i < n; ++i) std::fill_n(matrix + i * J.row_stride, columns, Number(0));
    // Adds diag(scale) d(output of the network)/d(columns).
    const auto add = [&](const Mlp& network, const Number* row, auto scale) {
      for (std::int64_t i = 0; i < n; ++i) {
        std::fill_n(work + i * network.width(), n, Number(0));
        work[i * network.width() + i] = scale(i);
      }
      const ThetaDirections<Number> theta_bar{parametric ? matrix : nullptr, 0, J.row_stride};
      const Number* z_bar =
          network.vjp(1, n, weights, row, record_size(), work, theta_bar, !parametric, work);
      for (std::int64_t i = 0; !parametric && i < n; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) {
          matrix[i * J.row_stride + j] += z_bar[i * network.width() + first + j];
        }
      }
    };
    const Number* row = record + s * record_size();
    add(field_, row, [&](std::int64_t i) { return G != nullptr ? rate * G[i] : rate; });
    if (gate_) {
      add(*gate_, row + field_.record_size(),
          [&](std::int64_t i) { return rate * (F[i] - c * x[i]); });
    }
    if (wrt != DK_WRT_STATE) continue;
    for (std::int64_t i = 0; i < n; ++i) {
      matrix[i * J.row_stride + i] += kept - c * (G != nullptr ? rate * G[i] : rate);
    }
  }
}

template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const std::int64_t n = structure_.n;
  const std::int64_t m = structure_.m;
  const std::int64_t S = points.count;
  const std::int64_t K = tangents.count;
  const auto kept = Number(structure_.map ? 1 : 0);
  const auto c = Number(structure_.leak ? 1 : 0);
  const auto rate = static_cast<Number>(structure_.rate);
  const ThetaDirections<const Number> theta_dot{tangents.theta.data, tangents.theta.stride,
                                                parameters()};
  Number* z_dot = work + work_size(DK_VJP, S, K);
  const auto network_jvp = [&](const Mlp& network, const Number* rows) {
    for (std::int64_t r = 0; r < S * K; ++r) {
      join(n, row_of(tangents.x, r / K, r % K, n), m, row_of(tangents.u, r / K, r % K, m),
           z_dot + r * network.width());
    }
    return network.jvp(S, K, weights_of<Number>(points), rows, record_size(), z_dot, theta_dot,
                       work);
  };
  const Number* F_dot = network_jvp(field_, record);
  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* G = gate_of(record, r / K);
    const Number* x_dot = row_of(tangents.x, r / K, r % K, n);
    Number* result = row_of(out, r / K, r % K, n);
    for (std::int64_t i = 0; i < n; ++i) {
      const Number g = G != nullptr ? rate * G[i] : rate;
      const Number dot = x_dot != nullptr ? x_dot[i] : Number(0);
      result[i] = kept * dot + g * (F_dot[r * field_.width() + i] - c * dot);
    }
  }
  if (!gate_) return;
  const Number* G_dot = network_jvp(*gate_, record + field_.record_size());
  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* F = field_of(record, r / K);
    const Number* x = points.x.data + r / K * points.x.stride;
    Number* result = row_of(out, r / K, r % K, n);
    for (std::int64_t i = 0; i < n; ++i) {
      result[i] += rate * G_dot[r * gate_->width() + i] * (F[i] - c * x[i]);
    }
  }
}

template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const std::int64_t n = structure_.n;
  const std::int64_t m = structure_.m;
  const std::int64_t S = points.count;
  const std::int64_t K = cotangents.count;
  const auto kept = Number(structure_.map ? 1 : 0);
  const auto c = Number(structure_.leak ? 1 : 0);
  const auto rate = static_cast<Number>(structure_.rate);
  const ThetaDirections<Number> theta_bar{cotangents.theta.data, cotangents.theta.stride,
                                          parameters()};
  const bool wants_z = cotangents.x.data != nullptr || cotangents.u.data != nullptr;
  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* o = row_of(cotangents.out, r / K, r % K, n);
    const Number* G = gate_of(record, r / K);
    Number* d = work + r * field_.width();
    for (std::int64_t i = 0; i < n; ++i) d[i] = (G != nullptr ? rate * G[i] : rate) * o[i];
    if (Number* x_bar = row_of(cotangents.x, r / K, r % K, n)) {
      for (std::int64_t i = 0; i < n; ++i) x_bar[i] = kept * o[i] - c * d[i];
    }
    if (Number* u_bar = row_of(cotangents.u, r / K, r % K, m)) std::fill_n(u_bar, m, Number(0));
  }
  const auto network_vjp = [&](const Mlp& network, const Number* rows) {
    const Number* z_bar = network.vjp(S, K, weights_of<Number>(points), rows, record_size(), work,
                                      theta_bar, wants_z, work);
    for (std::int64_t r = 0; wants_z && r < S * K; ++r) {
      const Number* z = z_bar + r * network.width();
      if (Number* x_bar = row_of(cotangents.x, r / K, r % K, n)) {
        for (std::int64_t i = 0; i < n; ++i) x_bar[i] += z[i];
      }
      if (Number* u_bar = row_of(cotangents.u, r / K, r % K, m)) {
        for (std::int64_t i = 0; i < m; ++i) u_bar[i] += z[n + i];
      }
    }
  };
  network_vjp(field_, record);
  if (!gate_) return;
  for (std::int64_t r = 0; r < S * K; ++r) {
    const Number* o = row_of(cotangents.out, r / K, r % K, n);
    const Number* F = field_of(record, r / K);
    const Number* x = points.x.data + r / K * points.x.stride;
    Number* d = work + r * gate_->width();
    for (std::int64_t i = 0; i < n; ++i) d[i] = rate * (F[i] - c * x[i]) * o[i];
  }
  network_vjp(*gate_, record + field_.record_size());
}

void Kernel::residual(const dk_points& points, const double* record, const dk_output& r) const {
  const double c = structure_.leak ? 1.0 : 0.0;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* x = points.x.data + s * points.x.stride;
    const double* F = field_of(record, s);
    for (std::int64_t i = 0; i < structure_.n; ++i) r.data[s * r.stride + i] = F[i] - c * x[i];
  }
}

void Kernel::residual_jacobian(const dk_points& points, const double* record, double* work,
                               const dk_matrices& J) const {
  const std::int64_t n = structure_.n;
  const std::int64_t width = field_.width();
  for (std::int64_t s = 0; s < points.count; ++s) {
    for (std::int64_t i = 0; i < n; ++i) {
      std::fill_n(work + i * width, n, 0.0);
      work[i * width + i] = 1.0;
    }
    const Weights<double> weights{points.theta.data + s * points.theta.stride, nullptr};
    const double* z_bar = field_.vjp(1, n, weights, record + s * record_size(), record_size(), work,
                                     ThetaDirections<double>{nullptr, 0, 0}, true, work);
    for (std::int64_t i = 0; i < n; ++i) {
      double* row = J.data + s * J.sample_stride + i * J.row_stride;
      std::copy_n(z_bar + i * width, n, row);
      if (structure_.leak) row[i] -= 1.0;
    }
  }
}

DYNKIT_INSTANTIATE_KERNEL(Kernel)

}  // namespace dynkit::gated_node
