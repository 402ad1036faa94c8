// Brownian paths and amplitudes for the tests of the stochastic solvers.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {

/// Independent of the host's streams: one Mersenne twister for each trajectory.
class Twisters : public NormalSource {
 public:
  explicit Twisters(unsigned seed) : seed_(seed) {}
  void draw(std::int64_t trajectory, std::int64_t count, double* out) override {
    while (static_cast<std::int64_t>(streams_.size()) <= trajectory) {
      streams_.emplace_back(seed_ + 977u * static_cast<unsigned>(streams_.size()));
      normals_.emplace_back();
    }
    const auto at = static_cast<std::size_t>(trajectory);
    for (std::int64_t i = 0; i < count; ++i) out[i] = normals_[at](streams_[at]);
  }

 private:
  unsigned seed_;
  std::vector<std::mt19937_64> streams_;
  std::vector<std::normal_distribution<double>> normals_;
};

/// The same Brownian paths seen with steps that are `ratio` times longer: sums of fine increments.
class Coarse : public NormalSource {
 public:
  Coarse(unsigned seed, int ratio) : fine_(seed), ratio_(ratio) {}
  void draw(std::int64_t trajectory, std::int64_t count, double* out) override {
    std::vector<double> xi(static_cast<std::size_t>(ratio_));
    for (std::int64_t i = 0; i < count; ++i) {
      fine_.draw(trajectory, ratio_, xi.data());
      double sum = 0.0;
      for (const double x : xi) sum += x;
      out[i] = sum / std::sqrt(static_cast<double>(ratio_));
    }
  }

 private:
  Twisters fine_;
  int ratio_;
};

/// An amplitude written for one point.
class PointNoise : public NoiseField {
 public:
  using Amplitude = std::function<void(const Point&, double* G)>;
  PointNoise(std::int32_t kind, std::int32_t calculus, std::int64_t w, Amplitude G)
      : info_{kind, calculus, w}, amplitude_(std::move(G)) {}
  dk_noise_info info() const override { return info_; }
  dk_status amplitude(const dk_points& p, const dk_output& G, dk_error*) override {
    for (std::int64_t s = 0; s < p.count; ++s) {
      const double* u = p.u.data != nullptr ? p.u.data + s * p.u.stride : nullptr;
      const double t = p.t.data != nullptr ? p.t.data[s * p.t.stride] : std::nan("");
      amplitude_({t, std::nan(""), p.x.data + s * p.x.stride, u}, G.data + s * G.stride);
    }
    return DK_OK;
  }

 private:
  dk_noise_info info_;
  Amplitude amplitude_;
};

}  // namespace dynkit::test
