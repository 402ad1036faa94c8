// What the tests of the low-rank network share: its settings, its parameters by block, and its
// equations as loops in long double.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "support/model_checks.hpp"

namespace dynkit::testing {

using LowRankSettings = std::map<std::string, std::string>;

inline constexpr const char* kLowRankActivations[] = {"tanh", "relu", "sigmoid", "softplus",
                                                      "gelu", "sin",  "identity"};

/// One value per setting that matters to the equations.
struct LowRankKind {
  std::size_t N = 9, R = 4, M = 3;  // the reduced state has 7 numbers; S = 5 and K = 2 elsewhere
  std::string activation = "tanh";
  bool bias = true, reduced = false, map = false;
  double rate = 0.4;  // 1 / tau, or alpha

  LowRankSettings settings() const {
    LowRankSettings all = {{"n", std::to_string(N)},      {"rank", std::to_string(R)},
                           {"m", std::to_string(M)},      {"activation", activation},
                           {"bias", bias ? "1" : "0"},    {"form", reduced ? "reduced" : "full"},
                           {"time", map ? "map" : "flow"}};
    all.emplace(map ? "alpha" : "tau", std::to_string(map ? rate : 1.0 / rate));
    return all;
  }
  std::size_t states() const { return reduced ? R + M : N; }
};

/// Both forms and times, with and without bias, for one activation; "alpha" and "tau" are exact in
/// six decimals.
template <class Check>
void for_each_low_rank_kind(const std::string& activation, Check check) {
  for (const bool reduced : {false, true}) {
    for (const bool map : {false, true}) {
      LowRankKind kind;
      kind.activation = activation;
      kind.reduced = reduced;
      kind.map = map;
      kind.bias = reduced == map;
      SCOPED_TRACE(activation + (reduced ? " reduced" : " full") + (map ? " map" : " flow"));
      check(kind);
    }
  }
}

/// The blocks of theta.
struct LowRankTheta {
  LowRankTheta(const LowRankKind& kind, const double* theta)
      : N(kind.N), R(kind.R), m_(theta), n_(theta + N * R), wi_(theta + 2 * N * R) {
    if (kind.bias) bias_ = wi_ + kind.M * N;
  }
  double m(std::size_t i, std::size_t r) const { return m_[i * R + r]; }
  double n(std::size_t i, std::size_t r) const { return n_[i * R + r]; }
  double wi(std::size_t k, std::size_t i) const { return wi_[k * N + i]; }
  double bias(std::size_t i) const { return bias_ != nullptr ? bias_[i] : 0.0; }

  std::size_t N, R;
  const double *m_, *n_, *wi_, *bias_ = nullptr;
};

inline long double low_rank_phi(const std::string& activation, long double a) {
  if (activation == "tanh") return std::tanh(a);
  if (activation == "relu") return a > 0.0L ? a : 0.0L;
  if (activation == "sigmoid") return 1.0L / (1.0L + std::exp(-a));
  if (activation == "softplus") return std::log1p(std::exp(a));
  if (activation == "gelu") return 0.5L * a * std::erfc(-a * std::sqrt(0.5L));
  if (activation == "sin") return std::sin(a);
  return a;
}

/// x = m kappa + wi^T v of one z = (kappa, v).
inline Numbers lifted(const LowRankKind& kind, const double* theta, const double* z) {
  const LowRankTheta weights(kind, theta);
  Numbers x;
  for (std::size_t i = 0; i < kind.N; ++i) {
    long double sum = 0.0L;
    for (std::size_t r = 0; r < kind.R; ++r)
      sum += static_cast<long double>(weights.m(i, r)) * z[r];
    for (std::size_t k = 0; k < kind.M; ++k) {
      sum += static_cast<long double>(weights.wi(k, i)) * z[kind.R + k];
    }
    x.push_back(static_cast<double>(sum));
  }
  return x;
}

/// n^T phi(x + bias) / N of one x.
inline std::vector<long double> latent_drive(const LowRankKind& kind, const double* theta,
                                             const Numbers& x) {
  const LowRankTheta weights(kind, theta);
  std::vector<long double> q(kind.R, 0.0L);
  for (std::size_t j = 0; j < kind.N; ++j) {
    const long double a = static_cast<long double>(x[j]) + weights.bias(j);
    for (std::size_t r = 0; r < kind.R; ++r) {
      q[r] += weights.n(j, r) * low_rank_phi(kind.activation, a) / static_cast<long double>(kind.N);
    }
  }
  return q;
}

/// What eval gives for one state, by (1) to (3) of low_rank_rnn.hpp.
inline Numbers low_rank_by_loops(const LowRankKind& kind, const double* theta, const double* state,
                                 const double* u) {
  const LowRankTheta weights(kind, theta);
  const Numbers x = kind.reduced ? lifted(kind, theta, state) : Numbers(state, state + kind.N);
  const std::vector<long double> q = latent_drive(kind, theta, x);
  Numbers result;
  for (std::size_t i = 0; i < kind.states(); ++i) {
    long double drive = 0.0L;
    if (kind.reduced) {
      drive = i < kind.R ? q[i] : u[i - kind.R];
    } else {
      for (std::size_t r = 0; r < kind.R; ++r) drive += weights.m(i, r) * q[r];
      for (std::size_t k = 0; k < kind.M; ++k) {
        drive += static_cast<long double>(weights.wi(k, i)) * u[k];
      }
    }
    const long double step = static_cast<long double>(kind.rate) * (drive - state[i]);
    result.push_back(static_cast<double>(kind.map ? state[i] + step : step));
  }
  return result;
}

}  // namespace dynkit::testing
