// The potentials of the Langevin model, one of each kind, with U itself as the oracle: in long
// double, from the equations of the README and not from their gradients.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "support/perceptron_oracle.hpp"
#include "support/plugin_model.hpp"

namespace dynkit::testing {

struct Kind {
  std::string potential;
  std::int64_t k;
  std::int64_t groups = 4;
  std::vector<std::int64_t> hidden = {};
  std::string activation = "tanh";
  bool map = false;

  std::map<std::string, std::string> settings() const {
    std::map<std::string, std::string> all = {
        {"potential", potential}, {"k", std::to_string(k)}, {"m", "3"}};
    if (potential == "oscillators") all.insert({"groups", std::to_string(groups)});
    if (potential == "mlp") all.insert({{"hidden", list_text(hidden)}, {"activation", activation}});
    if (map) all.insert({{"time", "map"}, {"step", "0.3"}});
    return all;
  }
};

inline void PrintTo(const Kind& kind, std::ostream* out) {
  *out << ::testing::PrintToString(kind.settings());
}

/// As flows and as maps with D = 0.3. n = 2k, m = 3, S = 5 and K = 2 differ.
inline std::vector<Kind> kinds() {
  std::vector<Kind> flows = {
      {"quadratic", 4},   {"oscillators", 6, 2}, {"oscillators", 14, 7},   {"oscillators", 6, 6},
      {"double_well", 4}, {"mlp", 4, 4, {}},     {"mlp", 11, 4, {7, 9, 6}}};
  for (const char* activation : {"tanh", "sigmoid", "softplus", "gelu", "sin"}) {
    flows.push_back({"mlp", 4, 4, {9, 7}, activation});
  }
  std::vector<Kind> all = flows;
  for (Kind& kind : flows) {
    kind.map = true;
    all.push_back(kind);
  }
  return all;
}

/// f'(0) by central differences with steps h, h/2, h/4, extrapolated twice: the error is O(h^6)
/// plus rounding of about 3e-19 |f| / h.
template <class Function>
long double long_slope(Function f, long double h) {
  const auto difference = [&](long double step) { return (f(step) - f(-step)) / (2.0L * step); };
  const long double d0 = difference(h), d1 = difference(h / 2.0L), d2 = difference(h / 4.0L);
  const long double e1 = (4.0L * d1 - d0) / 3.0L, e2 = (4.0L * d2 - d1) / 3.0L;
  return (16.0L * e2 - e1) / 15.0L;
}

/// U(z); `theta` begins with its parameters.
inline long double potential_energy(const Kind& kind, const double* theta, const LongNumbers& z) {
  const std::int64_t k = kind.k;
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  long double U = 0.0L;
  if (kind.potential == "quadratic") {
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t j = 0; j < k; ++j) {
        const long double center_i = theta[k * k + i], center_j = theta[k * k + j];
        U += 0.5L * theta[i * k + j] * (z[at(i)] - center_i) * (z[at(j)] - center_j);
      }
    }
  } else if (kind.potential == "double_well") {
    for (std::int64_t i = 0; i < k; ++i) {
      const long double r = z[at(i)] / theta[k + i];
      U += theta[i] * (r * r - 1.0L) * (r * r - 1.0L) + theta[2 * k + i] * z[at(i)];
    }
  } else if (kind.potential == "oscillators") {
    // (K * z)_a[l], zero outside, then all inner products with all groups.
    const std::int64_t G = kind.groups, L = k / G;
    for (std::int64_t a = 0; a < G; ++a) {
      for (std::int64_t b = 0; b < G; ++b) {
        for (std::int64_t l = 0; l < L; ++l) {
          long double filtered = 0.0L;
          for (std::int64_t c = 0; c < G; ++c) {
            const double* K = theta + (a * G + c) * 3;
            const long double norm = std::sqrt(static_cast<long double>(K[0]) * K[0] + K[1] * K[1] +
                                               K[2] * K[2] + 1e-16L);
            for (std::int64_t m = l - 1; m <= l + 1; ++m) {
              if (m >= 0 && m < L) filtered += K[m - l + 1] / norm * z[at(c * L + m)];
            }
          }
          U += filtered * z[at(b * L + l)];
        }
      }
    }
  } else {
    std::vector<std::int64_t> widths = {k};
    widths.insert(widths.end(), kind.hidden.begin(), kind.hidden.end());
    widths.push_back(1);
    const PerceptronOracle network{widths, kind.activation, "identity"};
    U = network(theta, z)[0];
    for (const long double x : z) U += 0.5L * theta[network.parameters()] * x * x;
  }
  return U;
}

/// Where B, gamma and T stand in theta.
inline std::int64_t input_weights(const PluginModel& model) {
  return model.info().p - 2 - model.info().n / 2 * model.info().m;
}
inline std::int64_t friction(const PluginModel& model) {
  return model.info().p - 2;
}
inline std::int64_t temperature(const PluginModel& model) {
  return model.info().p - 1;
}

}  // namespace dynkit::testing
