// A right-hand side with its transposed derivatives, for the tests of adjoints.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "dynkit/core/adjoint.hpp"

namespace dynkit::test {

/// A right-hand side for single points, with what it was asked.
class OneField : public TransposedField {
 public:
  using Eval = std::function<void(double t, const double* x, const double* u, double* dx)>;
  /// Writes x_bar, adds to theta_bar.
  using Vjp = std::function<void(double t, const double* x, const double* u, const double* f_bar,
                                 double* x_bar, double* theta_bar)>;

  OneField(std::int64_t n, std::int64_t m, std::int64_t p, Eval eval, Vjp vjp)
      : p_(p), eval_(std::move(eval)), vjp_(std::move(vjp)) {
    info_.n = n;
    info_.m = m;
  }

  FieldInfo info() const override { return info_; }
  std::int64_t parameters() const override { return p_; }

  dk_status eval(const dk_points& points, const dk_output& out, dk_error*) override {
    asked_at.push_back(points.t.data[0]);
    eval_(points.t.data[0], points.x.data, points.u.data, out.data);
    return DK_OK;
  }

  dk_status vjp(const dk_points& points, const dk_cotangents& bars, dk_error*) override {
    ++transposes;
    std::vector<double> theta_bar(static_cast<std::size_t>(p_));
    for (std::int64_t s = 0; s < points.count; ++s) {
      vjp_(points.t.data[s * points.t.stride], points.x.data + s * points.x.stride, points.u.data,
           bars.out.data + s * bars.out.stride, bars.x.data + s * bars.x.stride, theta_bar.data());
    }
    for (std::int64_t i = 0; bars.theta.data != nullptr && i < p_; ++i) {
      bars.theta.data[i] += theta_bar[static_cast<std::size_t>(i)];
    }
    return DK_OK;
  }

  std::vector<double> asked_at;  // times of all evaluations
  std::int64_t transposes = 0;   // calls of vjp

 private:
  FieldInfo info_;
  std::int64_t p_;
  Eval eval_;
  Vjp vjp_;
};

}  // namespace dynkit::test
