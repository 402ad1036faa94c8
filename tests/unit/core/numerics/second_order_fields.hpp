// Second-order systems for the tests of splitting schemes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "brownian.hpp"
#include "dynkit/core/integrate.hpp"

namespace dynkit::test {

/// A force written for one state; q and v stand as `layout` says.
class PointForce : public SecondOrderField {
 public:
  using Force = std::function<void(const Point&, double* F)>;

  PointForce(SecondOrderLayout layout, HeatBath bath, std::int64_t m, Force force)
      : layout_(std::move(layout)), bath_(std::move(bath)), force_(std::move(force)) {
    info_.n = 2 * static_cast<std::int64_t>(layout_.positions.size());
    info_.m = m;
  }

  /// One degree of freedom of unit mass with F(q).
  template <class Function>
  static PointForce of_position(double friction, double temperature, Function F) {
    return PointForce({{0}, {1}}, {{friction}, {temperature}, {1.0}}, 0,
                      [F](const Point& p, double* out) { out[0] = F(p.x[0]); });
  }

  FieldInfo info() const override { return info_; }
  SecondOrderLayout layout() const override { return layout_; }
  HeatBath bath() const override { return bath_; }
  dk_status force(const dk_points& p, const dk_output& F, dk_error*) override {
    ++calls;
    for (std::int64_t s = 0; s < p.count; ++s) {
      const double* u = p.u.data != nullptr ? p.u.data + s * p.u.stride : nullptr;
      force_({p.t.data[s * p.t.stride], std::nan(""), p.x.data + s * p.x.stride, u},
             F.data + s * F.stride);
    }
    return DK_OK;
  }

  std::int64_t calls = 0;

 private:
  FieldInfo info_;
  SecondOrderLayout layout_;
  HeatBath bath_;
  Force force_;
};

/// The numbers of step i of trajectory s are given.
class GivenNormals : public NormalSource {
 public:
  explicit GivenNormals(std::vector<std::vector<double>> rows)
      : rows_(std::move(rows)), used_(rows_.size()) {}
  void draw(std::int64_t trajectory, std::int64_t count, double* out) override {
    const auto at = static_cast<std::size_t>(trajectory);
    std::copy_n(rows_[at].begin() + used_[at], count, out);
    used_[at] += count;
  }

 private:
  std::vector<std::vector<double>> rows_;
  std::vector<std::int64_t> used_;
};

}  // namespace dynkit::test
