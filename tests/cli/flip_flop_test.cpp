// The main job: all fixed points of a GRU that was trained in PyTorch, against those of an
// independent damped Newton search (examples/data/flip_flop_gru/SOURCE.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

constexpr std::int64_t kUnits = 64;
constexpr std::int64_t kPoints = 27;

// The run is made once; every test reads its results.
class FlipFlop : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new ScratchFolder;
    const std::string example = std::string(SOURCE_FOLDER) + "/examples/flip_flop_gru.toml";
    const CommandResult result =
        run_command(*folder_, std::string(DYNKIT_PROGRAM) + " run " + example + " --json --out " +
                                  folder_->file("run"));
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    run_ = new json(json::parse(result.output));
    arrays_ = new ArrayMap(load_arrays(folder_->file("run/results.h5")));
    reference_ =
        new ArrayMap(load_arrays(std::string(SOURCE_FOLDER) + "/examples/data/flip_flop_gru/"
                                                              "reference_fixed_points.npz"));
  }
  static void TearDownTestSuite() {
    delete reference_;
    delete arrays_;
    delete run_;
    delete folder_;
  }

  static const json& summary() { return run_->at("analyses").at("fixed_points").at("summary"); }
  static const std::vector<double>& numbers(const char* name) {
    return arrays_->at(name).numbers();
  }

  static ScratchFolder* folder_;
  static json* run_;
  static ArrayMap* arrays_;
  static ArrayMap* reference_;
};

ScratchFolder* FlipFlop::folder_ = nullptr;
json* FlipFlop::run_ = nullptr;
ArrayMap* FlipFlop::arrays_ = nullptr;
ArrayMap* FlipFlop::reference_ = nullptr;

double max_distance(const double* a, const double* b) {
  double most = 0.0;
  for (std::int64_t i = 0; i < kUnits; ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

TEST_F(FlipFlop, FindsEveryReferencePointToEightDigits) {
  const auto& x = numbers("analyses/fixed_points/x");
  const auto& expected = reference_->at("xstar").numbers();
  ASSERT_GE(x.size(), static_cast<std::size_t>(kPoints * kUnits));
  const auto found = static_cast<std::int64_t>(x.size()) / kUnits;
  for (std::int64_t p = 0; p < kPoints; ++p) {
    double nearest = INFINITY;
    for (std::int64_t k = 0; k < found; ++k) {
      nearest = std::min(nearest, max_distance(&x[static_cast<std::size_t>(k * kUnits)],
                                               &expected[static_cast<std::size_t>(p * kUnits)]));
    }
    EXPECT_LT(nearest, 1e-8) << "reference point " << p;
  }
}

TEST_F(FlipFlop, FindsNothingElse) {
  EXPECT_EQ(arrays_->at("analyses/fixed_points/x").shape,
            (std::vector<std::int64_t>{kPoints, kUnits}));
  EXPECT_EQ(arrays_->at("analyses/fixed_points/q").shape, std::vector<std::int64_t>{kPoints});
}

TEST_F(FlipFlop, LeavesResidualsAtRounding) {
  EXPECT_LT(summary().at("max_residual").get<double>(), 1e-12);
  for (const double q : numbers("analyses/fixed_points/q")) EXPECT_LT(q, 1e-24);
}

TEST_F(FlipFlop, CountsThePointsByClass) {
  EXPECT_EQ(summary().at("found"), kPoints);
  EXPECT_EQ(summary().at("stable"), 8);
  EXPECT_EQ(summary().at("saddles"), 19);
  EXPECT_EQ(summary().at("unstable"), 0);
  EXPECT_EQ(summary().at("nonhyperbolic"), 0);
  EXPECT_EQ(summary().at("slow"), 0);
  EXPECT_EQ(summary().at("failed"), 0);
  EXPECT_GT(summary().at("starts").get<int>(), 0);
  EXPECT_GT(summary().at("seconds").get<double>(), 0.0);
}

TEST_F(FlipFlop, PassesTheIndexCheck) {
  EXPECT_EQ(summary().at("index_sum"), 1);
  EXPECT_EQ(summary().at("index_check"), "consistent");
}

TEST_F(FlipFlop, CountsUnstableDirectionsAsTheReference) {
  const Array& eigenvalues = arrays_->at("analyses/linearization/eigenvalues");
  ASSERT_EQ(eigenvalues.shape, (std::vector<std::int64_t>{kPoints, kUnits}));
  const auto& values = std::get<std::vector<std::complex<double>>>(eigenvalues.values);
  std::vector<int> counts(4);
  for (std::int64_t p = 0; p < kPoints; ++p) {
    const auto first = values.begin() + p * kUnits;
    const auto unstable = std::count_if(first, first + kUnits,
                                        [](const auto& value) { return std::abs(value) > 1.0; });
    ++counts.at(static_cast<std::size_t>(unstable));
  }
  EXPECT_EQ(counts, (std::vector<int>{8, 12, 6, 1}));
}

TEST_F(FlipFlop, WritesAReportThatNeedsNothingElse) {
  const std::string report = read_text(folder_->file("run/report.html"));
  EXPECT_NE(report.find("3-bit flip-flop GRU"), std::string::npos);
  EXPECT_EQ(report.find("src=\"http"), std::string::npos);
}

TEST_F(FlipFlop, RecordsWhatWasRun) {
  const json record = json::parse(read_text(folder_->file("run/run.json")));
  EXPECT_EQ(record.at("status"), "done");
  EXPECT_EQ(record.at("seed"), 0);
  EXPECT_EQ(record.at("model").at("settings").at("n"), "64");
  EXPECT_EQ(record.at("plugins").size(), 3U);
  EXPECT_EQ(load_arrays(folder_->file("run/model.h5")).at("parameters/weight_hh_l0").shape,
            (std::vector<std::int64_t>{3 * kUnits, kUnits}));
}

}  // namespace
}  // namespace dynkit::test
