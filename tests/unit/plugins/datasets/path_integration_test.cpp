#include "plugins/datasets/tasks/path_integration.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "support.hpp"

namespace dynkit::tasks {
namespace {

using testing::FakeSink;
using testing::integer;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::text;

constexpr std::size_t kTrials = 500, kBins = 60;
constexpr double kDt = 0.02;

std::unique_ptr<FakeSink> make(const Config::Table& more, std::int32_t threads = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"trials", integer(kTrials)}, {"bins", integer(kBins)}});
  return testing::generate<PathIntegration>(host, source, settings);
}

// An arena so narrow, and an animal so fast, that walls are met all the time.
const Config::Table kCage = {{"width", number(0.3)}, {"speed", number(2)}};

Config::Table with(Config::Table settings, const char* inputs, const char* start = "center") {
  settings.insert(settings.begin(), {{"inputs", text(inputs)}, {"start", text(start)}});
  return settings;
}

// Adds the steps that the inputs tell to the start, and compares with the targets.
void expect_path(const FakeSink& sink, const char* inputs) {
  const auto m = static_cast<std::size_t>(sink.arrays.at("inputs").shape[2]);
  const std::string kind = inputs;
  for (std::size_t s = 0; s < kTrials; ++s) {
    double x = sink.numbers("start")[2 * s], y = sink.numbers("start")[2 * s + 1], angle = 0;
    for (std::size_t k = 0; k < kBins; ++k) {
      const double* u = &sink.numbers("inputs")[(s * kBins + k) * m];
      if (kind == "turning") angle += std::atan2(u[2], u[1]);
      const double speed = kind == "velocity" ? 1 : u[0];
      x += kDt * (kind == "velocity" ? u[0] : speed * (kind == "heading" ? u[1] : std::cos(angle)));
      y += kDt * (kind == "velocity" ? u[1] : speed * (kind == "heading" ? u[2] : std::sin(angle)));
      const double* target = &sink.numbers("targets")[(s * kBins + k) * 2];
      // Sixty steps of rounding, of angles up to hundreds.
      ASSERT_NEAR(target[0], x, 1e-12) << s << " " << k;
      ASSERT_NEAR(target[1], y, 1e-12) << s << " " << k;
    }
  }
}

TEST(PathIntegration, IsSolvedByAddingUpTheInputs) {
  for (const char* inputs : {"velocity", "heading", "turning"}) {
    expect_path(*make(with({}, inputs)), inputs);
    expect_path(*make(with(kCage, inputs, "anywhere")), inputs);
  }
}

TEST(PathIntegration, MovesTheSameHoweverItIsTold) {
  EXPECT_EQ(make(with(kCage, "velocity"))->numbers("targets"),
            make(with(kCage, "turning"))->numbers("targets"));
}

TEST(PathIntegration, StaysInTheArena) {
  const auto sink = make(with(kCage, "velocity", "anywhere"));
  double touches = 0;
  for (const double x : sink->numbers("targets")) {
    ASSERT_LE(std::abs(x), 0.15);
    touches += std::abs(x) > 0.15 - 1e-12;
  }
  EXPECT_GT(touches, 100);  // walls were met
}

TEST(PathIntegration, ShowsAStartAnywhereInTheFirstBin) {
  const auto sink = make(with({}, "velocity", "anywhere"));
  ASSERT_EQ(sink->arrays.at("inputs").shape, (Shape{kTrials, kBins, 4}));
  Numbers x;
  for (std::size_t s = 0; s < kTrials; ++s) {
    for (std::size_t k = 0; k < kBins; ++k) {
      const double* u = &sink->numbers("inputs")[(s * kBins + k) * 4];
      for (std::size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(u[2 + i], k == 0 ? sink->numbers("start")[2 * s + i] : 0.0);
      }
    }
    x.push_back(sink->numbers("start")[2 * s]);
  }
  // Uniform in [-1.1, 1.1].
  EXPECT_NEAR(testing::mean(x), 0, 5 * 1.1 / std::sqrt(3.0 * kTrials));
  EXPECT_NEAR(testing::spread(x, 0), 1.21 / 3, 5 * 1.21 * std::sqrt(4.0 / 45 / kTrials));
}

// Far from walls speeds are Rayleigh: mean b sqrt(pi/2), mean square 2 b^2 with deviation 2 b^2.
TEST(PathIntegration, HasRayleighSpeeds) {
  const auto sink = make(with({{"width", number(1e6)}, {"speed", number(0.7)}}, "heading"));
  Numbers speeds, squares;
  for (std::size_t i = 0; i < kTrials * kBins; ++i) {
    speeds.push_back(sink->numbers("inputs")[3 * i]);
    squares.push_back(speeds.back() * speeds.back());
  }
  const double n = kTrials * kBins, b = 0.7;
  EXPECT_NEAR(testing::mean(speeds), b * std::sqrt(std::numbers::pi / 2),
              5 * b * std::sqrt((2 - std::numbers::pi / 2) / n));
  EXPECT_NEAR(testing::mean(squares), 2 * b * b, 5 * 2 * b * b / std::sqrt(n));
}

// Turns are N(0, (sigma dt)^2); the first is uniform.
TEST(PathIntegration, TurnsByNormalAngles) {
  const auto sink = make(with({{"width", number(1e6)}, {"turning", number(500)}}, "turning"));
  Numbers turns, firsts;
  for (std::size_t i = 0; i < kTrials * kBins; ++i) {
    const double* u = &sink->numbers("inputs")[3 * i];
    (i % kBins == 0 ? firsts : turns).push_back(std::atan2(u[2], u[1]));
  }
  const double sigma = 500 * std::numbers::pi / 180 * kDt, n = kTrials * (kBins - 1);
  EXPECT_NEAR(testing::mean(turns), 0, 5 * sigma / std::sqrt(n));
  EXPECT_NEAR(testing::spread(turns, 0), sigma * sigma, 5 * sigma * sigma * std::sqrt(2 / n));
  const double pi = std::numbers::pi;
  EXPECT_NEAR(testing::spread(firsts, 0), pi * pi / 3, 5 * pi * pi * std::sqrt(4.0 / 45 / kTrials));
}

// A persistent walk: with c = E cos(turn) = exp(-sigma^2/2), E|x_T|^2 is dt^2 times
// T E v^2 + 2 (E v)^2 sum_{l=1}^{T-1} (T - l) c^l.
TEST(PathIntegration, SpreadsLikeAPersistentWalk) {
  const auto sink = make(with({{"width", number(1e6)}, {"turning", number(400)}}, "velocity"));
  Numbers squares;
  for (std::size_t s = 0; s < kTrials; ++s) {
    const double* x = &sink->numbers("targets")[(s * kBins + kBins - 1) * 2];
    squares.push_back(x[0] * x[0] + x[1] * x[1]);
  }
  const double sigma = 400 * std::numbers::pi / 180 * kDt, c = std::exp(-sigma * sigma / 2);
  const double b = 0.13, T = kBins;
  double due = T * 2 * b * b;
  for (double lag = 1; lag < T; ++lag)
    due += std::numbers::pi * b * b * (T - lag) * std::pow(c, lag);
  due *= kDt * kDt;
  const double mean = testing::mean(squares);
  EXPECT_NEAR(mean, due, 5 * std::sqrt(testing::spread(squares, mean) / kTrials));
}

// In the perimeter the animal runs along the wall, slowly.
TEST(PathIntegration, TurnsAlongAWallThatIsNear) {
  const auto sink = make(with({{"width", number(0.5)},
                               {"speed", number(0.3)},
                               {"turning", number(0)},
                               {"slowing", number(0)}},
                              "heading"));
  double stopped = 0;
  for (std::size_t s = 0; s < kTrials; ++s) {
    const double* x = &sink->numbers("targets")[(s * kBins + kBins - 2) * 2];
    const double* u = &sink->numbers("inputs")[(s * kBins + kBins - 1) * 3];
    const double near = 0.25 - std::max(std::abs(x[0]), std::abs(x[1]));
    if (near >= 0.03 || u[0] != 0.0) continue;
    ++stopped;
    const bool at_x = std::abs(x[0]) > std::abs(x[1]);
    EXPECT_NEAR(u[at_x ? 1 : 2], 0, 1e-15);
    EXPECT_NEAR(std::abs(u[at_x ? 2 : 1]), 1, 1e-15);
  }
  EXPECT_GT(stopped, 20);
}

TEST(PathIntegration, GivesTheSameBytesOnAnyNumberOfThreads) {
  Config::Table settings = with(kCage, "turning", "anywhere");
  settings.emplace_back("noise", number(0.1));
  EXPECT_EQ(make(settings, 1)->numbers("inputs"), make(settings, 2)->numbers("inputs"));
}

}  // namespace
}  // namespace dynkit::tasks
