// BAOAB: second-order systems with a heat bath, by parts that are solved exactly.
//
//     dq = v dt,   m dv = F(t, q, u) dt - m gamma v dt + sqrt(2 m gamma T) dW
//
//     B   v += h/2 F / m              A   q += h/2 v
//     O   v = c v + sqrt((1 - c^2) T / m) xi,   c = exp(-gamma h)
//     A   q += h/2 v                  B   v += h/2 F_new / m                              (1)
//
// B. Leimkuhler and C. Matthews, "Rational construction of stochastic numerical methods for
// molecular sampling", Appl. Math. Res. eXpress 2013, 34 (2013). Of weak order 2; its positions
// sample a harmonic potential without bias at every stable step, h^2 F' / m > -4. Without friction
// and noise it is the velocity Verlet scheme. F at the end of a step is F at the beginning of the
// next: one force a step.
//
//   q, v, m, gamma, T [k]   F [S,k]   xi ~ N(0, I_k)
#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "field.hpp"
#include "random_steps.hpp"

namespace dynkit {
namespace {

class SplitBlock : public RandomBlock {
 public:
  SplitBlock(SecondOrderField& field, NormalSource* normals, const Trajectories& all)
      : RandomBlock(field.info(), normals, field.info().n / 2, all, 1),
        field_(field),
        layout_(field.layout()),
        bath_(field.bath()),
        noisy_(normals != nullptr),
        inputs_vary_(info_.m > 0 && all.u.data != nullptr && !all.u_constant),
        k_(info_.n / 2),
        F_(static_cast<std::size_t>(batch_.lanes() * k_)),
        keep_(static_cast<std::size_t>(k_)),
        kick_(keep_.size()) {}

  void begin_interval(std::int64_t count, double t, std::int64_t interval) override {
    if (interval == 0 || inputs_vary_) find_force(count, t);
  }

  // (1), with the numbers drawn for step i.
  void step(std::int64_t count, double, double t_end, double h, std::int64_t i) override {
    set_step(h);
    for (std::int64_t l = 0; l < count; ++l) {
      const double* F = F_.data() + l * k_;
      const double* numbers = noisy_ ? xi(l, i) : nullptr;
      for (std::size_t j = 0; j < keep_.size(); ++j) {
        double& q = batch_.at(x(), l, layout_.positions[j]);
        double& v = batch_.at(x(), l, layout_.velocities[j]);
        v += 0.5 * h * F[j] / bath_.mass[j];
        q += 0.5 * h * v;
        v *= keep_[j];
        if (noisy_) v += kick_[j] * numbers[j];
        q += 0.5 * h * v;
      }
    }
    find_force(count, t_end);
    for (std::int64_t l = 0; l < count; ++l) {
      const double* F = F_.data() + l * k_;
      for (std::size_t j = 0; j < keep_.size(); ++j) {
        batch_.at(x(), l, layout_.velocities[j]) += 0.5 * h * F[j] / bath_.mass[j];
      }
    }
  }

  std::int64_t evaluations() const override { return evaluations_; }

 private:
  void find_force(std::int64_t count, double t) {
    set_time(count, t);
    evaluate_force(field_, k_, batch_.points(count, x()), {F_.data(), k_});
    evaluations_ += count;
  }

  void set_step(double h) {
    if (h == h_) return;
    h_ = h;
    for (std::size_t j = 0; j < keep_.size(); ++j) {
      const double lost = -std::expm1(-2.0 * bath_.friction[j] * h);  // 1 - c^2
      keep_[j] = std::exp(-bath_.friction[j] * h);
      kick_[j] = std::sqrt(lost * bath_.temperature[j] / bath_.mass[j]);
    }
  }

  SecondOrderField& field_;
  const SecondOrderLayout layout_;
  const HeatBath bath_;
  const bool noisy_;
  const bool inputs_vary_;
  const std::int64_t k_;
  std::vector<double> F_;
  std::vector<double> keep_, kick_;  // c, and the amplitude of xi
  double h_ = 0.0;                   // for which they are made
  std::int64_t evaluations_ = 0;
};

void check_layout(const SecondOrderLayout& layout, std::int64_t n) {
  std::vector<int> times(static_cast<std::size_t>(n));
  const std::size_t k = layout.positions.size();
  bool fits = n > 0 && 2 * k == times.size() && layout.velocities.size() == k;
  for (const auto* places : {&layout.positions, &layout.velocities}) {
    for (const std::int64_t place : *places) {
      fits = fits && place >= 0 && place < n && times[static_cast<std::size_t>(place)]++ == 0;
    }
  }
  if (!fits) {
    throw Error(DK_SHAPE_MISMATCH,
                fmt::format("{} positions and {} velocities do not share out {} states", k,
                            layout.velocities.size(), n));
  }
}

void check_bath(const HeatBath& bath, std::size_t k) {
  if (bath.friction.size() != k || bath.temperature.size() != k || bath.mass.size() != k) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("the heat bath is not one of {} positions", k));
  }
  const auto expect = [](bool holds, const char* what, std::size_t j, double value,
                         const char* rule) {
    if (holds && std::isfinite(value)) return;
    throw Error(DK_INVALID_ARGUMENT, fmt::format("{} of degree of freedom {} is {}: it must be {}",
                                                 what, j, value, rule));
  };
  for (std::size_t j = 0; j < k; ++j) {
    expect(bath.friction[j] >= 0.0, "the friction", j, bath.friction[j], ">= 0");
    expect(bath.temperature[j] >= 0.0, "the temperature", j, bath.temperature[j], ">= 0");
    expect(bath.mass[j] > 0.0, "the mass", j, bath.mass[j], "> 0");
  }
}

}  // namespace

IntegrationCounts simulate_second_order(SecondOrderField& field, NormalSource* normals,
                                        const IntegrationOptions& options,
                                        const Trajectories& all) {
  check_trajectories(all);
  check_options(options);
  if (options.method != Method::baoab) {
    throw Error(DK_UNSUPPORTED, fmt::format("method '{}' does not split a system: 'baoab' does",
                                            method_name(options.method)));
  }
  check_layout(field.layout(), field.info().n);
  check_bath(field.bath(), field.layout().positions.size());
  SplitBlock block(field, normals, all);
  return run_random_steps(block, options, all);
}

}  // namespace dynkit
