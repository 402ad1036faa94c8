// The figure of the analysis: what it draws, from the arrays that it names.
#include <gtest/gtest.h>

#include "equations.hpp"
#include "plugin_run.hpp"

namespace dynkit::fixed_points {
namespace {

using dynkit::testing::Equations;
using dynkit::testing::FakeSink;
using testing::henon;
using testing::make_values;
using testing::RestSystem;
using testing::run;
using testing::summary;
using testing::units_flow;
using testing::Values;

using Labels = std::vector<std::string>;

const FakeSink::Figure& portrait(const FakeSink& sink) {
  return sink.figures.at("phase_portrait");
}

Labels labels(const FakeSink& sink) {
  Labels result;
  for (const FakeSink::Series& series : portrait(sink).all) result.push_back(series.label);
  return result;
}

// Array "states" of a run's data.
class FakeData {
 public:
  FakeData(std::vector<std::int64_t> shape, Values values) : values_(std::move(values)) {
    array_.type = DK_F64;
    array_.rank = static_cast<std::int32_t>(shape.size());
    std::ranges::copy(shape, array_.shape);
    array_.data = values_.data();
    table_.context = &array_;
    table_.find = [](const dk_data* data, const char* name, dk_array* array, dk_error* error) {
      if (std::string(name) != "states") return set_error(error, DK_UNSUPPORTED, "no such array");
      *array = *static_cast<const dk_array*>(data->context);
      return dk_status{DK_OK};
    };
  }
  FakeData(const FakeData&) = delete;
  FakeData& operator=(const FakeData&) = delete;
  const dk_data* table() const { return &table_; }

 private:
  Values values_;
  dk_array array_{};
  dk_data table_{};
};

// Two trajectories of three states in the plane.
const Values kTwo = {-2, 1, -1, 0.5, 0, 0.25, 2, -1, 1, -0.75, 0.5, 0};

TEST(Portrait, DrawsGivenTrajectoriesAsLines) {
  RestSystem system(units_flow(2));
  FakeSink sink;
  run(make_values().array("starts", {2, 3, 2}, kTwo), system, sink);
  EXPECT_EQ(labels(sink), (Labels{"trajectories", "unstable directions", "fixed points"}));
  const FakeSink::Series& lines = portrait(sink).all[0];
  EXPECT_EQ(lines.kind, "line");
  EXPECT_EQ(lines.y, "portrait_trajectories[1]");
  EXPECT_EQ(lines.length, "portrait_trajectory_lengths");
  EXPECT_EQ(sink.numbers("portrait_trajectories"), kTwo);  // in two dimensions as they are
  EXPECT_EQ(sink.integers("portrait_trajectory_lengths"), (std::vector<std::int64_t>{3, 3}));
}

TEST(Portrait, EndsATrajectoryWhereItIsNotFinite) {
  RestSystem system(units_flow(2));
  FakeSink sink;
  Values failed = kTwo;
  failed[5] = failed[6 + 2] = NAN;
  run(make_values().array("starts", {2, 3, 2}, failed), system, sink);
  // Of the second one a single state is left: no line.
  EXPECT_EQ(sink.numbers("portrait_trajectories"), Values(kTwo.begin(), kTwo.begin() + 4));
  EXPECT_EQ(sink.integers("portrait_trajectory_lengths"), std::vector<std::int64_t>{2});
}

TEST(Portrait, DrawsSingleStatesAsMarkers) {
  RestSystem system(units_flow(2));
  FakeSink sink;
  run(make_values().array("starts", {6, 2}, kTwo), system, sink);
  EXPECT_EQ(labels(sink), (Labels{"given states", "unstable directions", "fixed points"}));
  EXPECT_EQ(portrait(sink).kind, "scatter");
  EXPECT_EQ(sink.numbers("portrait_states"), kTwo);
}

TEST(Portrait, DrawsTheTrajectoriesOfTheRunsData) {
  RestSystem system(units_flow(2));
  const FakeData data({2, 3, 2}, kTwo);
  FakeSink alone, beside;
  run(make_values(), system, alone, 1, data.table());
  EXPECT_EQ(alone.numbers("portrait_trajectories"), kTwo);
  EXPECT_FALSE(alone.arrays.contains("portrait_states"));
  run(make_values().array("starts", {1, 2}, {0.5, 0.5}), system, beside, 1, data.table());
  EXPECT_EQ(labels(beside),
            (Labels{"trajectories", "given states", "unstable directions", "fixed points"}));
}

TEST(Portrait, DrawsNoLinesAlongAMapThatJumps) {
  Values orbit = {0.1, 0.1};
  for (std::size_t t = 0; t < 99; ++t) {
    orbit.push_back(1 - 1.4 * orbit[2 * t] * orbit[2 * t] + orbit[2 * t + 1]);
    orbit.push_back(0.3 * orbit[2 * t]);
  }
  RestSystem system(henon(1.4, 0.3));
  FakeSink sink;
  run(make_values().array("starts", {1, 100, 2}, orbit), system, sink);
  EXPECT_EQ(labels(sink), (Labels{"given states", "unstable directions", "fixed points"}));
}

TEST(Portrait, DrawsSomeOfManyTrajectoriesAndSaysSo) {
  Values many;
  for (int s = 0; s < 100; ++s) many.insert(many.end(), {0.02 * s - 1, 1, 0.02 * s - 1, 0});
  RestSystem system(units_flow(2));
  FakeSink sink;
  run(make_values().array("starts", {100, 2, 2}, many), system, sink);
  EXPECT_EQ(sink.integers("portrait_trajectory_lengths"), std::vector<std::int64_t>(32, 2));
  EXPECT_NE(portrait(sink).caption.find("32 of 100 trajectories"), std::string::npos);
}

TEST(Portrait, LeavesOutStatesThatHardlyMove) {
  Values slow;
  for (int t = 0; t <= 10000; ++t) slow.insert(slow.end(), {2e-4 * t - 1, 0.3});
  RestSystem system(units_flow(2));
  FakeSink sink;
  run(make_values().array("starts", {1, 10001, 2}, slow), system, sink);
  const Values& drawn = sink.numbers("portrait_trajectories");
  // From -1 to 1 among points at +-1.92: 2 / 3.83 of 256 spacings, and the last state.
  EXPECT_NEAR(static_cast<double>(drawn.size()) / 2, 134, 3);
  EXPECT_EQ(drawn[drawn.size() - 2], 1.0);
}

TEST(Portrait, CutsLongWindingTrajectoriesAndSaysSo) {
  Values circles;
  for (int t = 0; t < 2000; ++t) {
    circles.insert(circles.end(), {std::cos(0.3 * t), std::sin(0.3 * t)});
  }
  RestSystem system(units_flow(2));
  FakeSink sink;
  run(make_values().array("starts", {1, 2000, 2}, circles), system, sink);
  EXPECT_EQ(sink.integers("portrait_trajectory_lengths"), std::vector<std::int64_t>{500});
  circles.resize(1000);
  EXPECT_EQ(sink.numbers("portrait_trajectories"), circles);
  EXPECT_NE(portrait(sink).caption.find("drawn in part"), std::string::npos);
}

// A trajectory of a map far from the single given state: its steps are short beside its own size.
TEST(Portrait, MeasuresTheStepsOfAMapByItsTrajectories) {
  Values relaxing;
  for (int t = 0; t < 50; ++t) relaxing.insert(relaxing.end(), {100 * std::pow(0.9, t), 5});
  const FakeData data({1, 50, 2}, relaxing);
  RestSystem system(henon(1.4, 0.3));
  FakeSink sink;
  run(make_values().array("starts", {1, 2}, {0.5, 0.5}), system, sink, 1, data.table());
  EXPECT_EQ(labels(sink)[0], "trajectories");
}

// Unstable along the units that are at 0, as fast along each.
TEST(Portrait, DrawsABarAlongEachUnstableDirection) {
  RestSystem system(units_flow(3), testing::cube(3, 2));
  FakeSink sink;
  run(make_values(), system, sink);
  ASSERT_EQ(sink.arrays.at("portrait_directions").shape, (std::vector<std::int64_t>{27, 2, 3}));
  const Values &ends = sink.numbers("portrait_directions"), &x = sink.numbers("x");
  const auto& owners = sink.integers("portrait_direction_point");
  for (std::size_t d = 0; d < 27; ++d) {
    double square = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const double a = ends[6 * d + i], b = ends[6 * d + 3 + i];
      const double center = x[3 * static_cast<std::size_t>(owners[d]) + i];
      EXPECT_NEAR(0.5 * (a + b), center, 1e-12);
      const bool is_stable = std::abs(center) > 1;
      EXPECT_NEAR(is_stable ? b - a : 0, 0, 1e-9);  // the direction's own error
      square += (b - a) * (b - a);
    }
    // 0.09 of the points' extent to each side
    EXPECT_NEAR(std::sqrt(square), 2 * 0.09 * 2 * 1.915008048155, 1e-9);
  }
  for (std::size_t p = 0; p < 27; ++p) {
    EXPECT_EQ(std::ranges::count(owners, static_cast<std::int64_t>(p)),
              sink.integers("unstable_directions")[p]);
  }
}

// x in units of 1000, y in units of 1: a bar along y must not leave the picture.
TEST(Portrait, KeepsBarsWithinTheirAxis) {
  Equations flow;
  flow.n = 2;
  flow.eval = [](double, const double* x, const double*, double* out) {
    out[0] = -x[0], out[1] = x[1];
  };
  flow.jacobian = [](double, const double*, const double*, double* J) {
    J[0] = -1, J[1] = J[2] = 0, J[3] = 1;
  };
  RestSystem system(flow);
  FakeSink sink;
  run(make_values().array("starts", {2, 2}, {-1000, -1, 1000, 1}), system, sink);
  const Values& ends = sink.numbers("portrait_directions");
  EXPECT_NEAR(std::abs(ends[3] - ends[1]), 2 * 0.09 * 2, 1e-12);
}

// States that differ most in x4, then in x0, then in x2 have these as principal axes.
TEST(Portrait, OfMoreThanThreeStatesIsOnPrincipalAxes) {
  Values starts;
  for (const double side : {-1.0, 1.0}) {
    starts.insert(starts.end(), {0.2, 0.5, 0.1, 0.5, 0.3 + 3 * side});
    starts.insert(starts.end(), {0.2 + 2 * side, 0.5, 0.1, 0.5, 0.3});
    starts.insert(starts.end(), {0.2, 0.5, 0.1 + side, 0.5, 0.3});
  }
  RestSystem system(units_flow(5), testing::cube(5, 2));
  FakeSink sink;
  run(make_values().array("starts", {3, 2, 5}, starts), system, sink);
  EXPECT_EQ(portrait(sink).kind, "lines3d");
  const Values &x = sink.numbers("x"), &shown = sink.numbers("portrait_points");
  ASSERT_EQ(shown.size(), 3u * 243u);
  for (std::size_t p = 0; p < 243; ++p) {
    EXPECT_NEAR(shown[3 * p], x[5 * p + 4] - 0.3, 1e-12);
    EXPECT_NEAR(shown[3 * p + 1], x[5 * p] - 0.2, 1e-12);
    EXPECT_NEAR(shown[3 * p + 2], x[5 * p + 2] - 0.1, 1e-12);
  }
  EXPECT_NEAR(sink.numbers("portrait_trajectories")[0], -3, 1e-12);
}

TEST(Portrait, DrawsSlowPointsWhereNothingRests) {
  Equations fold;
  fold.time_kind = DK_MAP;
  fold.n = 2;
  fold.eval = [](double, const double* x, const double*, double* out) {
    out[0] = x[0] + 0.01 + x[0] * x[0], out[1] = 0.5 * x[1];
  };
  fold.jacobian = [](double, const double* x, const double*, double* J) {
    J[0] = 1 + 2 * x[0], J[1] = J[2] = 0, J[3] = 0.5;
  };
  RestSystem system(fold);
  FakeSink sink;
  run(make_values(), system, sink);
  ASSERT_EQ(summary(sink, "found"), 0);
  EXPECT_EQ(labels(sink), (Labels{"given states", "slow points"}));
  EXPECT_EQ(sink.arrays.at("portrait_slow").shape, (std::vector<std::int64_t>{1, 2}));
}

TEST(Portrait, OfOneStateShowsPointsOverTheirIndex) {
  RestSystem system(units_flow(1));
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_EQ(labels(sink), Labels{"fixed points"});
  EXPECT_EQ(portrait(sink).y, "index");
  EXPECT_EQ(sink.numbers("portrait_points"), sink.numbers("x"));
}

}  // namespace
}  // namespace dynkit::fixed_points
