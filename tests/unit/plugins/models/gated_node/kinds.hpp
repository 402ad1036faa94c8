// Every form of the gated neural ODE, and its equations element by element.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/model_checks.hpp"
#include "support/perceptron_oracle.hpp"

namespace dynkit::testing {

struct Kind {
  std::int64_t n = 4, m = 3;
  std::vector<std::int64_t> hidden = {7}, gate_hidden = {};
  std::string activation = "tanh", output = "identity";
  bool gated = true, leak = true, flow = false;

  static constexpr long double kAlpha = 0.3L, kTau = 2.5L;

  std::map<std::string, std::string> settings() const {
    std::map<std::string, std::string> settings = {{"n", std::to_string(n)},
                                                   {"m", std::to_string(m)},
                                                   {"hidden", list_text(hidden)},
                                                   {"activation", activation},
                                                   {"output", output},
                                                   {"gated", gated ? "true" : "false"},
                                                   {"gate_hidden", list_text(gate_hidden)},
                                                   {"leak", leak ? "true" : "false"}};
    if (flow) {
      settings.insert({{"time", "flow"}, {"tau", "2.5"}});
    } else {
      settings.insert({"alpha", "0.3"});
    }
    return settings;
  }

  PerceptronOracle perceptron(const std::vector<std::int64_t>& widths,
                              const std::string& last) const {
    std::vector<std::int64_t> all = {n + m};
    all.insert(all.end(), widths.begin(), widths.end());
    all.push_back(n);
    return {all, activation, last};
  }
};

/// Sizes differ from each other and from S = 5 and K = 2.
inline std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const char* activation : kPerceptronActivations) {
    all.push_back({.gate_hidden = {6}, .activation = activation});
    all.push_back({.output = activation, .flow = true});
  }
  all.push_back({.hidden = {}, .output = "tanh"});  // the minimal gated unit
  all.push_back({.hidden = {}, .output = "tanh", .gated = false, .flow = true});
  all.push_back({.hidden = {7, 6}, .gate_hidden = {9, 8}});
  all.push_back({.hidden = {7, 6, 9}, .gated = false});
  all.push_back({.m = 0, .gate_hidden = {6}, .flow = true});
  all.push_back({.m = 0, .gated = false, .leak = false});
  all.push_back({.gate_hidden = {6}, .leak = false});
  all.push_back({.output = "tanh", .leak = false, .flow = true});
  // Several vectors and a remainder in a row.
  all.push_back({.n = 37, .hidden = {43}, .gate_hidden = {41}});
  return all;
}

/// The index of a block's first number in theta.
inline std::int64_t offset_of(const PluginModel& model, const std::string& name) {
  for (std::int64_t b = 0; b < model.info().block_count; ++b) {
    if (name == model.info().blocks[b].name) return model.info().blocks[b].offset;
  }
  throw Error(DK_INVALID_ARGUMENT, "no block '" + name + "'");
}

struct Oracle {
  LongNumbers field, next;  // F(x, u) and what eval gives
};

/// The equations of the README for one sample.
inline Oracle gated_node_by_loops(const Kind& kind, const PluginModel& model, const double* theta,
                                  const double* x, const double* u) {
  LongNumbers z(x, x + kind.n);
  z.insert(z.end(), u, u + kind.m);
  const PerceptronOracle F = kind.perceptron(kind.hidden, kind.output);
  const PerceptronOracle G = kind.perceptron(kind.gate_hidden, "sigmoid");
  Oracle oracle;
  oracle.field = F(theta + offset_of(model, "field.0.weight"), z);
  LongNumbers gate(oracle.field.size(), 1.0L);
  if (kind.gated) gate = G(theta + offset_of(model, "gate.0.weight"), z);
  for (std::size_t i = 0; i < oracle.field.size(); ++i) {
    const long double slope = gate[i] * (oracle.field[i] - (kind.leak ? x[i] : 0.0L));
    oracle.next.push_back(kind.flow ? slope / Kind::kTau : x[i] + Kind::kAlpha * slope);
  }
  return oracle;
}

}  // namespace dynkit::testing
