#include <gtest/gtest.h>

#include "plugins/analyses/linearization/linearization.hpp"
#include "support/fake_system.hpp"

namespace dynkit::linearization {
namespace {

using dynkit::testing::Equations;
using dynkit::testing::FakeHost;
using dynkit::testing::FakeSink;
using dynkit::testing::FakeSystem;
using dynkit::testing::FakeValues;

FakeValues make_values() {
  return FakeValues(Linearization::kSettings);
}

Equations make_system(std::int32_t time_kind) {
  Equations equations;
  equations.time_kind = time_kind;
  equations.n = 2;
  equations.m = 3;
  equations.jacobian = [](double, const double*, const double*, double* J) {
    std::fill_n(J, 4, 0.0);
  };
  equations.input_jacobian = [](double, const double*, const double*, double* B) {
    std::fill_n(B, 6, 0.0);
  };
  return equations;
}

// The message that the settings are refused with, or "".
std::string refusal(const FakeValues& values, std::int32_t time_kind = DK_FLOW) {
  const FakeSystem system(make_system(time_kind));
  const FakeHost host;
  const FakeSink sink;
  try {
    dynkit::testing::run_analysis(dynkit_plugin_v1()->components[0], values, host.table(),
                                  system.table(), sink);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    return error.what();
  }
  return "";
}

FakeValues two_points() {
  return make_values().array("points", {2, 2}, {1, 2, 3, 4});
}

TEST(LinearizationSettings, AcceptWhatFits) {
  EXPECT_EQ(refusal(two_points()), "");
}

TEST(LinearizationSettings, RefusePointsOfAnotherSystem) {
  EXPECT_EQ(refusal(make_values().array("points", {2, 5}, std::vector<double>(10))),
            "setting 'points' has shape [2,5], the model's state has 2 elements");
}

TEST(LinearizationSettings, RefuseTrajectories) {
  EXPECT_EQ(refusal(make_values().array("points", {1, 3, 2}, std::vector<double>(6))),
            "setting 'points' has shape [1,3,2], [P,n] or [n] is needed");
}

TEST(LinearizationSettings, RefuseInputOfAnotherSize) {
  EXPECT_EQ(refusal(two_points().array("input", {4}, {1, 2, 3, 4})),
            "setting 'input' has shape [4], the model's input has 3 elements");
}

TEST(LinearizationSettings, RefuseInputRowsWithoutIndex) {
  EXPECT_EQ(
      refusal(two_points().array("input", {4, 3}, std::vector<double>(12))),
      "setting 'input' has 4 rows for 2 points, without 'input_index' to tell which is whose");
}

TEST(LinearizationSettings, RefuseIndexBeyondTheInputs) {
  const auto values = two_points().array("input", {4, 3}, std::vector<double>(12));
  EXPECT_NE(refusal(FakeValues(values).array("input_index", {2}, {0, 4})), "");
  EXPECT_NE(refusal(FakeValues(values).array("input_index", {2}, {0, -1})), "");
  EXPECT_NE(refusal(FakeValues(values).array("input_index", {2}, {0, 1.5})), "");
  EXPECT_NE(refusal(FakeValues(values).array("input_index", {3}, {0, 1, 2})), "");
  EXPECT_EQ(refusal(FakeValues(values).array("input_index", {2}, {3, 0})), "");
}

TEST(LinearizationSettings, RefuseIndexWithoutInput) {
  EXPECT_EQ(refusal(two_points().array("input_index", {2}, {0, 0})),
            "setting 'input_index' is given without 'input', whose rows it names");
}

TEST(LinearizationSettings, RefuseTimeMapOfAMap) {
  EXPECT_EQ(refusal(two_points().text("map", "expm").number("dt", 0.1), DK_MAP),
            "setting 'map' is for flows, this model is a map itself");
}

TEST(LinearizationSettings, RefuseTimeMapWithoutStep) {
  EXPECT_EQ(refusal(two_points().text("map", "euler")),
            "setting 'map' needs a 'dt' > 0, the time step of the map");
}

}  // namespace
}  // namespace dynkit::linearization
