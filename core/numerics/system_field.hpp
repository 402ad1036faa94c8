// A system as the solvers see it.
#pragma once

#include <array>

#include "dynkit/core/integrate.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/core/workspace.hpp"
#include "dynkit/second_order.h"

namespace dynkit {

class SystemField : public VectorField {
 public:
  explicit SystemField(const System& system)
      : system_(system), table_(system.model().table()), model_(system.model()) {}

  FieldInfo info() const override;
  dk_status eval(const dk_points& points, const dk_output& out, dk_error* error) override;
  dk_status jacobian(const dk_points& points, const dk_matrices& J, dk_error* error) override;
  dk_status jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out,
                dk_error* error) override;

 private:
  // Scratch of an operation and what it was measured for, since solvers repeat the same calls.
  struct Scratch {
    std::int64_t count = -1, directions = -1;
    void* data = nullptr;
    Workspace memory;
  };

  dk_points complete(const dk_points& points, std::int32_t operation, std::int64_t K);

  const System& system_;
  const dk_model_v1& table_;
  Model::Lease model_;
  std::array<Scratch, DK_JVP + 1> scratch_;
};

class SystemNoise : public NoiseField {
 public:
  SystemNoise(const System& system, const dk_noise_v1& noise)
      : system_(system), noise_(noise), model_(system.model()) {}

  dk_noise_info info() const override { return *noise_.info(model_); }
  dk_status amplitude(const dk_points& points, const dk_output& G, dk_error* error) override {
    const dk_points whole = system_.complete(points, DK_EVAL, 1);
    return noise_.amplitude(model_, &whole, &G, error);
  }

 private:
  const System& system_;
  const dk_noise_v1& noise_;
  Model::Lease model_;
};

class SystemSecondOrder : public SecondOrderField {
 public:
  SystemSecondOrder(const System& system, const dk_second_order_v1& table)
      : system_(system), table_(table), model_(system.model()) {}

  FieldInfo info() const override;
  SecondOrderLayout layout() const override;
  HeatBath bath() const override;
  dk_status force(const dk_points& points, const dk_output& F, dk_error* error) override {
    const dk_points whole = system_.complete(points, DK_EVAL, 1);
    return table_.force(model_, &whole, &F, error);
  }

 private:
  const System& system_;
  const dk_second_order_v1& table_;
  Model::Lease model_;
};

}  // namespace dynkit
