// Network plugins in whole experiments, as a user runs them: weights of others, and refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;
using Complex = std::complex<double>;

const std::string kGolden = DYNKIT_SOURCE_FOLDER "/tests/golden/";
constexpr const char* kAnalyses =
    "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n"
    "[[analysis]]\ncomponent = \"org.dynkit.linearization\"\npoints = \"fixed_points/x\"\n";

CommandResult run(const ScratchFolder& folder, const std::string& model) {
  folder.write("e.toml", "[model]\n" + model + kAnalyses);
  return run_command(folder, std::string(DYNKIT_PROGRAM) + " run " + folder.file("e.toml") +
                                 " --json --out " + folder.file("run"));
}

struct Answer {
  json summary;
  std::vector<double> x;             // fixed points [., n]
  std::vector<Complex> eigenvalues;  // [., n]
};

Answer analyze(const std::string& model) {
  const ScratchFolder folder;
  const CommandResult result = run(folder, model);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("run/results.h5"));
  return {json::parse(result.output).at("analyses").at("fixed_points").at("summary"),
          arrays.at("analyses/fixed_points/x").numbers(),
          std::get<std::vector<Complex>>(arrays.at("analyses/linearization/eigenvalues").values)};
}

// Largest distance from a row of n numbers to the nearest row of others.
template <class Number>
double worst_miss(const std::vector<Number>& rows, const std::vector<Number>& others,
                  std::size_t n) {
  double worst = 0.0;
  for (std::size_t r = 0; r < rows.size(); r += n) {
    double nearest = INFINITY;
    for (std::size_t o = 0; o < others.size(); o += n) {
      double distance = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        distance = std::max(distance, std::abs(rows[r + i] - others[o + i]));
      }
      nearest = std::min(nearest, distance);
    }
    worst = std::max(worst, nearest);
  }
  return worst;
}

// A NODE generator of Sedler, Versteeg and Pandarinath (2023).
std::string generator(const std::string& system) {
  return "component = \"org.dynkit.node\"\nprefix = \"decoder.vf.vf.vf.\"\nweights = \"" + kGolden +
         "trained_models/sedler2023_" + system + "_node.npz\"\n";
}
constexpr const char* kOneBin = "time = \"map\"\nstep = 0.014285714285714285\n";  // 1/70

// Three points; eigenvalues as in the authors' own analysis of this run, to their 4 digits.
TEST(Sedler2023Node, LorenzHasTheAuthorsEigenvalues) {
  const Answer answer = analyze(generator("lorenz") + kOneBin);
  EXPECT_EQ(answer.summary.at("found"), 3);
  ASSERT_EQ(answer.eigenvalues.size(), 9u);
  const std::vector<Complex> authors = {{1.1484, 0.0},    {0.8796, 0.0465},  {0.8796, -0.0465},
                                        {1.0129, 0.1494}, {1.0129, -0.1494}, {0.7814, 0.0},
                                        {1.0103, 0.1413}, {1.0103, -0.1413}, {0.9058, 0.0}};
  EXPECT_LT(worst_miss(authors, answer.eigenvalues, 1), 1e-4);
}

TEST(Sedler2023Node, PointsAndEigenvaluesAreThoseOfNumpy) {
  const ArrayMap reference = load_arrays(kGolden + "trained_models/sedler2023_node_reference.npz");
  for (const std::string system : {"lorenz", "arneodo"}) {
    const Answer answer = analyze(generator(system) + kOneBin);
    EXPECT_EQ(answer.summary.at("found"), 3);
    const auto& points = reference.at(system + ".fixed_points").numbers();
    const auto& eigenvalues =
        std::get<std::vector<Complex>>(reference.at(system + ".eigenvalues").values);
    EXPECT_LT(worst_miss(points, answer.x, 3), 1e-12);
    EXPECT_LT(worst_miss(eigenvalues, answer.eigenvalues, 1), 1e-12);
  }
}

// The map x + f / 70 has the fixed points of the flow, and the eigenvalues 1 + lambda / 70.
TEST(Sedler2023Node, FlowAndResidualMapTellTheSame) {
  const Answer flow = analyze(generator("arneodo")), map = analyze(generator("arneodo") + kOneBin);
  EXPECT_EQ(flow.summary.at("found"), 3);
  EXPECT_LT(worst_miss(flow.x, map.x, 3), 1e-12);
  std::vector<Complex> expected;
  for (const Complex& lambda : flow.eigenvalues) expected.push_back(1.0 + lambda / 70.0);
  EXPECT_LT(worst_miss(expected, map.eigenvalues, 1), 1e-12);
}

// Sizes come from the weights, under the names of LSTM and of LSTMCell.
TEST(LstmWeights, LoadUnderBothNames) {
  for (const std::string name : {"lstm_5", "lstm_cell_37"}) {
    const ScratchFolder folder;
    ArrayMap weights;
    for (const auto& [key, array] : load_arrays(kGolden + "networks/" + name + ".npz")) {
      const bool parameter = key.starts_with("weight") || key.starts_with("bias");
      if (parameter && !key.ends_with("_bar")) weights["rnn." + key] = array;
    }
    ASSERT_EQ(weights.size(), 4u);
    save_arrays(folder.file("weights.npz"), weights);
    const CommandResult result = run(
        folder, "component = \"org.dynkit.lstm\"\nweights = \"weights.npz\"\nprefix = \"rnn.\"\n");
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    const json summary = json::parse(result.output).at("model").at("summary");
    const std::int64_t units = name == "lstm_5" ? 5 : 37;
    EXPECT_EQ(summary.at("states"), 2 * units);
    EXPECT_EQ(summary.at("inputs"), 3);
    EXPECT_EQ(summary.at("parameters"), 4 * units * (units + 3 + 2));
  }
}

TEST(NetworkSettings, AreRefusedInOneSentence) {
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"component = \"org.dynkit.node\"\nstep = 0.5\n",
       "setting 'step' is for time = \"map\" only"},
      {"component = \"org.dynkit.gated_node\"\ntime = \"flow\"\nalpha = 0.5\n",
       "setting 'alpha' is for time = \"map\" only"},
      {"component = \"org.dynkit.gated_node\"\ntau = 2\n",
       "setting 'tau' is for time = \"flow\" only"},
      {"component = \"org.dynkit.gated_node\"\ngated = false\ngate_hidden = [5]\n",
       "setting 'gate_hidden' is for gated = true only"},
      {"component = \"org.dynkit.node\"\nhidden = [7, 2.5]\n",
       "setting 'hidden': 2.500000 is not a whole number"},
      {"component = \"org.dynkit.node\"\nhidden = [0]\n", "setting 'hidden': 0 is below"},
      {"component = \"org.dynkit.node\"\nactivation = \"elu\"\n", "\"elu\" is not one of tanh"},
      {generator("lorenz") + "hidden = [64]\n",
       "'decoder.vf.vf.vf.0.weight' has shape [128,3], org.dynkit.node needs [64,3]"}};
  for (const auto& [model, sentence] : refusals) {
    const ScratchFolder folder;
    EXPECT_TRUE(is_refused(run(folder, model), 2, sentence));
  }
}

}  // namespace
}  // namespace dynkit::test
