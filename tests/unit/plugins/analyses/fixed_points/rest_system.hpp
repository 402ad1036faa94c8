#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "plugins/analyses/fixed_points/box.hpp"
#include "support/fake_system.hpp"

namespace dynkit::fixed_points::testing {

/// A fake system with the calls that a search of fixed points needs besides.
class RestSystem {
 public:
  explicit RestSystem(dynkit::testing::Equations equations, std::optional<Box> box = std::nullopt)
      : system_(std::move(equations)), box_(std::move(box)), table_(system_.table()) {
    table_.theta = reinterpret_cast<const double*>(this);  // the only member free for it
    table_.residual = residual;
    table_.linearized = linearized;
    table_.domain = domain;
  }
  RestSystem(const RestSystem&) = delete;
  RestSystem& operator=(const RestSystem&) = delete;

  dk_system& table() { return table_; }

 private:
  static dk_status residual(const dk_system* system, const dk_points* points, const dk_output* r,
                            dk_error* error) {
    const dk_status status = system->eval(system, points, r, error);
    if (system->info->time_kind == DK_MAP) {
      for (std::int64_t i = 0; i < system->info->n; ++i) r->data[i] -= points->x.data[i];
    }
    return status;
  }

  static dk_status linearized(const dk_system* system, const dk_points* points, const dk_output* r,
                              const dk_matrices* J, dk_error* error) {
    residual(system, points, r, error);
    const dk_status status = system->jacobian(system, points, DK_WRT_STATE, J, error);
    if (system->info->time_kind == DK_MAP) {
      for (std::int64_t i = 0; i < system->info->n; ++i) J->data[i * J->row_stride + i] -= 1;
    }
    return status;
  }

  static dk_status domain(const dk_system* system, double* lower, double* upper, dk_error* error) {
    const auto& box = reinterpret_cast<const RestSystem*>(system->theta)->box_;
    if (!box) return set_error(error, DK_UNSUPPORTED, "no box is known");
    std::ranges::copy(box->lower, lower);
    std::ranges::copy(box->upper, upper);
    return DK_OK;
  }

  dynkit::testing::FakeSystem system_;
  std::optional<Box> box_;
  dk_system table_;
};

/// x' = 1 - a x^2 + y, y' = b x
inline dynkit::testing::Equations henon(double a, double b) {
  dynkit::testing::Equations map;
  map.time_kind = DK_MAP;
  map.n = 2;
  map.eval = [a, b](double, const double* x, const double*, double* out) {
    out[0] = 1 - a * x[0] * x[0] + x[1];
    out[1] = b * x[0];
  };
  map.jacobian = [a, b](double, const double* x, const double*, double* J) {
    J[0] = -2 * a * x[0], J[1] = 1, J[2] = b, J[3] = 0;
  };
  return map;
}

}  // namespace dynkit::fixed_points::testing
