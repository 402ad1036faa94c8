#include "derivatives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dynkit/balance.h"
#include "dynkit/core/workspace.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

// A dense Jacobian of one sample larger than this is refused: 512 MiB.
constexpr std::int64_t kLargestJacobian = std::int64_t{1} << 26;
// Numbers in the temporary arrays of one step, so that they stay in cache: 4 MiB.
constexpr std::int64_t kChunkNumbers = std::int64_t{1} << 19;

// As `call`, without clearing all of the error, which costs as much as a small right-hand side.
template <class Function, class... Arguments>
void ask(Function function, Arguments... arguments) {
  dk_error error;
  error.message[0] = '\0';
  check(function(arguments..., &error), error);
}

std::int64_t width(const dk_model_info& info, std::int32_t wrt) {
  switch (wrt) {
    case DK_WRT_STATE:
      return info.n;
    case DK_WRT_INPUT:
      return info.m;
    case DK_WRT_PARAMETERS:
      return info.p;
    default:
      throw Error(DK_INVALID_ARGUMENT,
                  fmt::format("jacobian: 'with respect to' {} is not known", wrt));
  }
}

dk_input shifted(const dk_input& input, std::int64_t s) {
  return {input.data != nullptr ? input.data + s * input.stride : nullptr, input.stride};
}

dk_points slice(const dk_points& points, std::int64_t begin, std::int64_t count) {
  dk_points part = points;
  part.count = count;
  part.t = shifted(points.t, begin);
  part.h = shifted(points.h, begin);
  part.x = shifted(points.x, begin);
  part.u = shifted(points.u, begin);
  part.theta = shifted(points.theta, begin);
  part.tape = nullptr;  // its layout is the model's own, so a part of the batch cannot use it
  return part;
}

dk_matrices shifted(const dk_matrices& J, std::int64_t s) {
  return {J.data + s * J.sample_stride, J.sample_stride, J.row_stride};
}

// Runs body(points, matrices) on parts of the batch whose temporaries have `numbers` a sample.
template <class Body>
void in_chunks(const dk_points& points, const dk_matrices& J, std::int64_t numbers, Body body) {
  const std::int64_t most =
      std::max<std::int64_t>(1, kChunkNumbers / std::max<std::int64_t>(1, numbers));
  for (std::int64_t begin = 0; begin < points.count; begin += most) {
    const std::int64_t count = std::min(most, points.count - begin);
    body(slice(points, begin, count), shifted(J, begin));
  }
}

std::vector<double> identity(std::int64_t size) {
  std::vector<double> matrix(static_cast<std::size_t>(size * size));
  for (std::int64_t i = 0; i < size; ++i) matrix[static_cast<std::size_t>(i * size + i)] = 1.0;
  return matrix;
}

// Column j of J is the derivative along the unit vector e_j.
void jacobian_from_jvp(const System& system, const dk_points& all, std::int32_t wrt,
                       const dk_matrices& J) {
  thread_local Workspace workspace;
  const auto& info = system.model().info();
  const std::int64_t n = info.n, k = width(info, wrt);
  const auto directions = identity(k);
  in_chunks(all, J, k * n, [&](const dk_points& points, const dk_matrices& part) {
    dk_tangents tangents{k, {}, {}, {}};
    (wrt == DK_WRT_STATE   ? tangents.x
     : wrt == DK_WRT_INPUT ? tangents.u
                           : tangents.theta) = {directions.data(), 0};
    double* columns = workspace.doubles(points.count * k * n);
    jvp(system, points, tangents, {columns, k * n});
    for (std::int64_t s = 0; s < points.count; ++s) {
      double* matrix = part.data + s * part.sample_stride;
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j < k; ++j) {
          matrix[i * part.row_stride + j] = columns[(s * k + j) * n + i];
        }
      }
    }
  });
}

// Row i of J is the transposed derivative of the unit covector e_i.
void jacobian_from_vjp(const System& system, const dk_points& all, std::int32_t wrt,
                       const dk_matrices& J) {
  thread_local Workspace workspace;
  const auto& info = system.model().info();
  const std::int64_t n = info.n, k = width(info, wrt);
  const auto covectors = identity(n);
  in_chunks(all, J, n * k, [&](const dk_points& points, const dk_matrices& part) {
    double* rows = workspace.doubles(points.count * n * k);
    std::fill(rows, rows + points.count * n * k, 0.0);
    dk_cotangents cotangents{n, {covectors.data(), 0}, {}, {}, {}};
    (wrt == DK_WRT_STATE   ? cotangents.x
     : wrt == DK_WRT_INPUT ? cotangents.u
                           : cotangents.theta) = {rows, n * k};
    vjp(system, points, cotangents);
    for (std::int64_t s = 0; s < points.count; ++s) {
      for (std::int64_t i = 0; i < n; ++i) {
        const double* row = rows + (s * n + i) * k;
        std::copy(row, row + k, part.data + s * part.sample_stride + i * part.row_stride);
      }
    }
  });
}

// Where a central difference moves one component of an argument, for all samples of a batch.
struct Perturbed {
  std::vector<double> values;  // [S,k]
  std::int64_t S, k;

  Perturbed(const dk_input& argument, std::int64_t samples, std::int64_t size)
      : values(static_cast<std::size_t>(samples * size)), S(samples), k(size) {
    if (argument.data == nullptr) return;
    for (std::int64_t s = 0; s < S; ++s) {
      const double* row = argument.data + s * argument.stride;
      std::copy(row, row + k, values.begin() + s * k);
    }
  }
  double& at(std::int64_t s, std::int64_t j) { return values[static_cast<std::size_t>(s * k + j)]; }
};

// J_ij = (F_i(v + h e_j) - F_i(v - h e_j)) / 2h, h = eps^(1/3) max(|v_j|, scale): error O(h^2)
// meets the rounding error eps/h there.
void jacobian_from_differences(const System& system, const dk_points& points, std::int32_t wrt,
                               const dk_matrices& J) {
  const auto& info = system.model().info();
  const std::int64_t n = info.n, k = width(info, wrt), S = points.count;
  const double relative_step = std::cbrt(std::numeric_limits<double>::epsilon());
  const dk_points whole = system.complete(points, DK_EVAL, 1);
  Perturbed v(wrt == DK_WRT_STATE ? whole.x : wrt == DK_WRT_INPUT ? whole.u : whole.theta, S, k);
  dk_points moved = points;
  moved.tape = nullptr;
  (wrt == DK_WRT_STATE   ? moved.x
   : wrt == DK_WRT_INPUT ? moved.u
                         : moved.theta) = {v.values.data(), k};

  std::vector<double> up(static_cast<std::size_t>(S * n)), down(up.size());
  std::vector<double> centers(static_cast<std::size_t>(S)), steps(centers.size());
  for (std::int64_t j = 0; j < k; ++j) {
    const double scale =
        wrt == DK_WRT_STATE && info.state_scale != nullptr ? info.state_scale[j] : 1.0;
    for (std::int64_t s = 0; s < S; ++s) {
      const auto row = static_cast<std::size_t>(s);
      centers[row] = v.at(s, j);
      steps[row] = relative_step * std::max(std::abs(centers[row]), scale);
      v.at(s, j) = centers[row] + steps[row];
    }
    eval(system, moved, {up.data(), n});
    for (std::int64_t s = 0; s < S; ++s) {
      v.at(s, j) = centers[static_cast<std::size_t>(s)] - steps[static_cast<std::size_t>(s)];
    }
    eval(system, moved, {down.data(), n});
    for (std::int64_t s = 0; s < S; ++s) {
      const auto row = static_cast<std::size_t>(s);
      // The distance that was moved after rounding, not the one that was asked for.
      const double distance = (centers[row] + steps[row]) - (centers[row] - steps[row]);
      for (std::int64_t i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(s * n + i);
        J.data[s * J.sample_stride + i * J.row_stride + j] = (up[at] - down[at]) / distance;
      }
      v.at(s, j) = centers[row];
    }
  }
}

// out[s,k,:] += J[s] v[s,k,:], v a tangent argument of the given width.
void add_product(const System& system, const dk_points& points, std::int32_t wrt, std::int64_t K,
                 const dk_input& v, const dk_output& out) {
  const auto& info = system.model().info();
  const std::int64_t n = info.n, k = width(info, wrt);
  if (v.data == nullptr || k == 0) return;
  std::vector<double> J(static_cast<std::size_t>(points.count * n * k));
  jacobian(system, points, wrt, {J.data(), n * k, k});
  for (std::int64_t s = 0; s < points.count; ++s) {
    for (std::int64_t d = 0; d < K; ++d) {
      const double* direction = v.data + s * v.stride + d * k;
      double* result = out.data + s * out.stride + d * n;
      for (std::int64_t i = 0; i < n; ++i) {
        const double* row = J.data() + (s * n + i) * k;
        for (std::int64_t j = 0; j < k; ++j) result[i] += row[j] * direction[j];
      }
    }
  }
}

// bar[s,k,:] (+)= J[s]^T out_bar[s,k,:].
void transposed_product(const System& system, const dk_points& points, std::int32_t wrt,
                        const dk_cotangents& cotangents, const dk_output& bar, bool accumulate) {
  const auto& info = system.model().info();
  const std::int64_t n = info.n, k = width(info, wrt);
  if (bar.data == nullptr || k == 0) return;
  std::vector<double> J(static_cast<std::size_t>(points.count * n * k));
  jacobian(system, points, wrt, {J.data(), n * k, k});
  for (std::int64_t s = 0; s < points.count; ++s) {
    for (std::int64_t d = 0; d < cotangents.count; ++d) {
      const double* out_bar = cotangents.out.data + s * cotangents.out.stride + d * n;
      double* result = bar.data + s * bar.stride + d * k;
      if (!accumulate) std::fill(result, result + k, 0.0);
      for (std::int64_t i = 0; i < n; ++i) {
        const double* row = J.data() + (s * n + i) * k;
        for (std::int64_t j = 0; j < k; ++j) result[j] += row[j] * out_bar[i];
      }
    }
  }
}

void subtract_state(const dk_points& points, std::int64_t n, const dk_output& r) {
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* x = points.x.data + s * points.x.stride;
    double* row = r.data + s * r.stride;
    for (std::int64_t i = 0; i < n; ++i) row[i] -= x[i];
  }
}

}  // namespace

void eval(const System& system, const dk_points& points, const dk_output& out) {
  const Model::Lease model(system.model());
  const dk_points whole = system.complete(points, DK_EVAL, 1);
  ask(system.model().table().eval, static_cast<const dk_model*>(model), &whole, &out);
}

void jacobian(const System& system, const dk_points& points, std::int32_t wrt,
              const dk_matrices& J) {
  const dk_model_v1& table = system.model().table();
  const std::int64_t numbers = system.model().info().n * width(system.model().info(), wrt);
  if (numbers > kLargestJacobian) {
    throw Error(DK_TOO_LARGE,
                fmt::format("a dense Jacobian of {} numbers is larger than the limit of {}",
                            numbers, kLargestJacobian));
  }
  if (table.jacobian != nullptr) {
    const Model::Lease model(system.model());
    const dk_points whole = system.complete(points, DK_JACOBIAN, 1);
    ask(table.jacobian, static_cast<const dk_model*>(model), &whole, wrt, &J);
  } else if (table.jvp != nullptr) {
    jacobian_from_jvp(system, points, wrt, J);
  } else if (table.vjp != nullptr) {
    jacobian_from_vjp(system, points, wrt, J);
  } else {
    jacobian_from_differences(system, points, wrt, J);
  }
}

void jvp(const System& system, const dk_points& points, const dk_tangents& tangents,
         const dk_output& out) {
  const dk_model_v1& table = system.model().table();
  if (table.jvp != nullptr) {
    const Model::Lease model(system.model());
    const dk_points whole = system.complete(points, DK_JVP, tangents.count);
    ask(table.jvp, static_cast<const dk_model*>(model), &whole, &tangents, &out);
    return;
  }
  const std::int64_t n = system.model().info().n;
  for (std::int64_t s = 0; s < points.count; ++s) {
    double* row = out.data + s * out.stride;
    std::fill(row, row + tangents.count * n, 0.0);
  }
  add_product(system, points, DK_WRT_STATE, tangents.count, tangents.x, out);
  add_product(system, points, DK_WRT_INPUT, tangents.count, tangents.u, out);
  add_product(system, points, DK_WRT_PARAMETERS, tangents.count, tangents.theta, out);
}

void vjp(const System& system, const dk_points& points, const dk_cotangents& cotangents) {
  const dk_model_v1& table = system.model().table();
  if (table.vjp != nullptr) {
    const Model::Lease model(system.model());
    const dk_points whole = system.complete(points, DK_VJP, cotangents.count);
    ask(table.vjp, static_cast<const dk_model*>(model), &whole, &cotangents);
    return;
  }
  transposed_product(system, points, DK_WRT_STATE, cotangents, cotangents.x, false);
  transposed_product(system, points, DK_WRT_INPUT, cotangents, cotangents.u, false);
  transposed_product(system, points, DK_WRT_PARAMETERS, cotangents, cotangents.theta, true);
}

void residual(const System& system, const dk_points& points, const dk_output& r) {
  const auto* balance = system.model().extension<dk_balance_v1>(DK_BALANCE_V1);
  if (balance != nullptr) {
    const Model::Lease model(system.model());
    const dk_points whole = system.complete(points, DK_RESIDUAL, 1);
    ask(balance->residual, static_cast<const dk_model*>(model), &whole, &r);
    return;
  }
  eval(system, points, r);
  if (system.model().info().time_kind == DK_MAP) {
    subtract_state(points, system.model().info().n, r);
  }
}

void linearized(const System& system, const dk_points& points, const dk_output& r,
                const dk_matrices& dr_dx) {
  const auto* balance = system.model().extension<dk_balance_v1>(DK_BALANCE_V1);
  if (balance != nullptr) {
    const Model::Lease model(system.model());
    const dk_points whole = system.complete(points, DK_RESIDUAL, 1);
    ask(balance->linearized, static_cast<const dk_model*>(model), &whole, &r, &dr_dx);
    return;
  }
  if (r.data != nullptr) residual(system, points, r);
  jacobian(system, points, DK_WRT_STATE, dr_dx);
  if (system.model().info().time_kind == DK_FLOW) return;
  for (std::int64_t s = 0; s < points.count; ++s) {
    double* matrix = dr_dx.data + s * dr_dx.sample_stride;
    for (std::int64_t i = 0; i < system.model().info().n; ++i) {
      matrix[i * dr_dx.row_stride + i] -= 1.0;
    }
  }
}

}  // namespace dynkit
