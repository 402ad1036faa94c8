// Linear systems of any size.
//
//     map   x' = A x + B u            flow   dx/dt = A x + B u
//
//   x [n] state    u [m] input    theta = (A [n,n], B [n,m]), row-major
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/differentiable_model.hpp"

namespace dynkit::analytic {

class LinearSystem {
 public:
  static constexpr bool kBranchFree = true;
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "2", 1, 4096, "number of states", DK_CHANGES_SIZES, "A[0]"),
      integer_setting("m", "1", 0, 4096, "number of inputs", DK_CHANGES_SIZES, "B[1]")};

  template <class S>
  void dynamics(const S* x, const S* u, const S* theta, S* out) const {
    const S* B = theta + n_ * n_;
    for (std::int64_t i = 0; i < n_; ++i) {
      S sum = 0;
      for (std::int64_t j = 0; j < n_; ++j) sum += theta[i * n_ + j] * x[j];
      for (std::int64_t j = 0; j < m_; ++j) sum += B[i * m_ + j] * u[j];
      out[i] = sum;
    }
  }

 protected:
  explicit LinearSystem(const Settings& settings)
      : n_(settings.integer("n")), m_(settings.integer("m")) {}

  // A is `diagonal` times the identity; input j drives the states j, j + m, j + 2 m, ...
  ModelLayout layout_with(double diagonal) const {
    std::vector<double> A(static_cast<std::size_t>(n_ * n_));
    std::vector<double> B(static_cast<std::size_t>(n_ * m_));
    for (std::int64_t i = 0; i < n_; ++i) {
      A[static_cast<std::size_t>(i * n_ + i)] = diagonal;
      if (m_ > 0) B[static_cast<std::size_t>(i * m_ + i % m_)] = 1;
    }
    ModelLayout layout{ModelLayout::numbered_states("x", n_, -1, 1),
                       ModelLayout::numbered("u", m_),
                       {{"A", {n_, n_}, std::move(A), "coupling of the states"}}};
    if (m_ > 0) {
      layout.parameters.push_back({"B", {n_, m_}, std::move(B), "effect of the inputs"});
    }
    return layout;
  }

 private:
  std::int64_t n_, m_;
};

// Decays by a factor 0.9 a step unless A is given.
struct LinearMap : LinearSystem {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  explicit LinearMap(const Settings& settings) : LinearSystem(settings) {}
  ModelLayout layout() const { return layout_with(0.9); }
};

// Decays with rate 1 unless A is given.
struct LinearFlow : LinearSystem {
  explicit LinearFlow(const Settings& settings) : LinearSystem(settings) {}
  ModelLayout layout() const { return layout_with(-1); }
};

}  // namespace dynkit::analytic
