// One of each kind of the plugins that are made of networks, for tests that hold for all of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "support/perceptron_oracle.hpp"
#include "support/plugin_model.hpp"

namespace dynkit::testing {

struct NetworkCase {
  std::string library;  // dynkit_<library>.so
  std::map<std::string, std::string> settings;
  std::int64_t widest, layers;  // terms of the longest sum, sums one behind the other
  std::string id = "";          // the component, if not the first

  PluginModel make(const std::filesystem::path& folder) const {
    return PluginModel((folder / ("dynkit_" + library + ".so")).string(), settings, id);
  }
};

inline void PrintTo(const NetworkCase& network, std::ostream* out) {
  *out << network.library << ' ' << ::testing::PrintToString(network.settings);
}

/// Rows have several vectors and a remainder; sizes differ from each other.
inline std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> all = {
      {"rnn", {{"n", "37"}, {"m", "3"}, {"alpha", "0.3"}}, 40, 1},
      {"rnn", {{"n", "37"}, {"m", "0"}, {"time", "flow"}, {"activation", "softplus"}}, 37, 1},
      {"gru", {{"n", "37"}, {"m", "3"}}, 40, 1},
      {"lstm", {{"n", "37"}, {"m", "3"}}, 40, 1},
      {"node", {{"n", "5"}, {"m", "3"}, {"hidden", "[43, 21]"}, {"sees_time", "true"}}, 43, 3},
      {"node", {{"n", "6"}, {"second_order", "true"}, {"leak", "true"}, {"hidden", "[43]"}}, 43, 2},
      {"gated_node",
       {{"n", "7"}, {"m", "3"}, {"hidden", "[43, 21]"}, {"gate_hidden", "[19]"}, {"alpha", "0.3"}},
       43,
       3},
      {"gated_node", {{"n", "37"}, {"hidden", "[]"}, {"output", "tanh"}, {"time", "flow"}}, 37, 1},
      {"low_rank_rnn", {{"n", "37"}, {"rank", "2"}, {"m", "3"}}, 37, 2},
      {"low_rank_rnn",
       {{"n", "37"}, {"rank", "2"}, {"m", "3"}, {"form", "reduced"}, {"bias", "true"}},
       37,
       2},
      {"langevin", {{"k", "5"}, {"m", "3"}, {"hidden", "[43, 21]"}}, 43, 6},
      {"langevin", {{"k", "8"}, {"potential", "oscillators"}, {"time", "map"}}, 8, 2},
      {"perceptron_readout",
       {{"n", "37"}, {"o", "23"}, {"hidden", "[]"}, {"link", "exp"}},
       37,
       1,
       "org.dynkit.mlp_readout"}};
  for (const char* activation : kPerceptronActivations) {
    all.push_back({"node",
                   {{"n", "4"},
                    {"m", "3"},
                    {"hidden", "[43]"},
                    {"activation", activation},
                    {"time", "map"},
                    {"step", "0.3"}},
                   43,
                   2});
  }
  for (const char* link : {"identity", "exp", "softmax"}) {
    all.push_back({"perceptron_readout",
                   {{"n", "11"}, {"o", "23"}, {"link", link}},
                   11,
                   1,
                   "org.dynkit.affine"});
    all.push_back({"perceptron_readout",
                   {{"n", "11"}, {"o", "23"}, {"hidden", "[43]"}, {"link", link}},
                   43,
                   2,
                   "org.dynkit.mlp_readout"});
  }
  return all;
}

}  // namespace dynkit::testing
