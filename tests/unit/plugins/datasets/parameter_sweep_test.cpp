#include "plugins/datasets/trajectories/parameter_sweep.hpp"

#include <algorithm>
#include <cmath>

#include "plugins/datasets/trajectories/trajectories.hpp"
#include "support.hpp"

namespace dynkit::trajectories {
namespace {

using testing::array_of;
using testing::FakeSink;
using testing::integer;
using testing::list;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::text;

/// A Lorenz system, whose parameter is known to matter.
struct Lorenz {
  static constexpr StateVariable kStates[] = {{"x", -1, 1}, {"y", -1, 1}, {"z", -1, 1}};
  static constexpr Parameter kParameters[] = {
      {"sigma", 10, ""}, {"rho", 28, ""}, {"beta", 2.5, ""}};
  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    dx[0] = theta[0] * (x[1] - x[0]);
    dx[1] = x[0] * (theta[1] - x[2]) - x[1];
    dx[2] = x[0] * x[1] - theta[2] * x[2];
  }
};

/// x' = p x^2 in steps, p bounded.
struct BoundedMap {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr StateVariable kStates[] = {{"x", 0, 1}};
  static constexpr Parameter kParameters[] = {{"p", 1, "", 0, 4}};
  template <class S>
  void dynamics(const S* x, const S* theta, S* next) const {
    next[0] = theta[0] * x[0] * x[0];
  }
};

constexpr std::size_t kT = 6;
const Numbers kValues = {5, 2.5, 1};

template <class Author>
std::unique_ptr<FakeSink> make(const Config::Table& more, ArrayMap arrays = {},
                               std::int32_t threads = 1,
                               std::vector<std::string>* logged = nullptr) {
  testing::TestHost host(threads);
  const auto system = host.system<Author>();
  testing::TestSource source;
  source.model = &system->table();
  source.arrays = std::move(arrays);
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(),
                  {{"model", text("given")}, {"values", list(kValues)}, {"samples", integer(kT)}});
  auto sink = testing::generate<ParameterSweep>(host, source, settings);
  if (logged != nullptr) *logged = host.logged;
  return sink;
}

// x = x0 exp(a t), one trial for each value and start.
TEST(ParameterSweep, FollowsTheClosedFormAtEachValueFromEachStart) {
  const auto sink = make<testing::LinearFlow>(
      {{"parameter", text("a")}, {"initial", text("two")}, {"dt", number(0.25)}},
      {{"two", array_of({2, 2}, {1, 3, -2, 5})}});
  ASSERT_EQ(sink->arrays.at("states").shape, (Shape{6, kT, 2}));
  for (std::size_t s = 0; s < 6; ++s) {
    for (std::size_t k = 0; k < kT; ++k) {
      const double t = 0.25 * static_cast<double>(k), a = kValues[s / 2];
      const double *x = &sink->numbers("states")[(s * kT + k) * 2], x0 = s % 2 == 0 ? 1 : -2;
      // Tolerance 1e-8 of each step, over some twenty steps.
      EXPECT_NEAR(x[0] / (x0 * std::exp(a * t)), 1, 1e-7);
      EXPECT_NEAR(x[1], (s % 2 == 0 ? 3 : 5) * std::exp(0.25 * t), 1e-6);
    }
  }
}

TEST(ParameterSweep, PutsTheParameterAsAConstantInput) {
  const auto sink = make<testing::LinearFlow>({{"parameter", text("a")},
                                               {"center", number(2)},
                                               {"scale", number(4)},
                                               {"starts", integer(2)}});
  ASSERT_EQ(sink->arrays.at("inputs").shape, (Shape{6, kT, 1}));
  for (std::size_t s = 0; s < 6; ++s) {
    EXPECT_EQ(sink->numbers("parameter")[s], kValues[s / 2]);
    for (std::size_t k = 0; k < kT; ++k) {
      EXPECT_EQ(sink->numbers("inputs")[s * kT + k], (kValues[s / 2] - 2) / 4);
    }
  }
}

// x' = -x/2 + 2 u from 0: x = 4 u (1 - exp(-t/2)).
TEST(ParameterSweep, SweepsAnInputOfTheModel) {
  const auto sink = make<testing::LinearFlow>(
      {{"parameter", text("u")}, {"initial", text("zero")}, {"dt", number(0.5)}},
      {{"zero", array_of({2}, {0, 0})}});
  for (std::size_t s = 0; s < 3; ++s) {
    EXPECT_NEAR(sink->numbers("states")[(s * kT + 4) * 2], 4 * kValues[s] * (1 - std::exp(-1)),
                1e-7);
  }
}

TEST(ParameterSweep, HoldsTheOtherInputsAtTheirValue) {
  const auto sink =
      make<testing::LinearFlow>({{"parameter", text("c")},
                                 {"initial", text("zero")},
                                 {"input", text("u")},
                                 {"dt", number(0.5)}},
                                {{"zero", array_of({2}, {0, 0})}, {"u", array_of({1}, {3})}});
  EXPECT_NEAR(sink->numbers("states")[2 * 4], 12 * (1 - std::exp(-1)), 1e-7);
}

// Against the host's integrator at the model's own parameters: an independent method.
TEST(ParameterSweep, AgreesWithTheHostAtTheModelsOwnParameters) {
  const ArrayMap start = {{"one", array_of({3}, {1, 2, 20})}};
  const auto own = make<Lorenz>({{"parameter", text("rho")},
                                 {"values", list({28})},
                                 {"initial", text("one")},
                                 {"dt", number(0.2)},
                                 {"rtol", number(1e-11)},
                                 {"atol", number(1e-11)}},
                                start);
  testing::TestHost host;
  const auto system = host.system<Lorenz>();
  testing::TestSource source;
  source.model = &system->table();
  source.arrays = start;
  const auto hosts = testing::generate<Trajectories>(host, source,
                                                     {{"model", text("given")},
                                                      {"initial", text("one")},
                                                      {"samples", integer(kT)},
                                                      {"dt", number(0.2)},
                                                      {"method", text("dop853")},
                                                      {"rtol", number(1e-12)},
                                                      {"atol", number(1e-12)}});
  for (std::size_t i = 0; i < kT * 3; ++i) {
    // Chaos multiplies errors by exp(0.9 t) and locally more: a hundred times at most here.
    EXPECT_NEAR(own->numbers("states")[i], hosts->numbers("states")[i], 1e-7);
  }
  EXPECT_GT(std::abs(own->numbers("states")[5 * 3] - 1), 1);  // it moved
}

TEST(ParameterSweep, StepsAMap) {
  const auto sink = make<testing::LinearMap>(
      {{"initial", text("one")}, {"burn_in", number(2)}, {"dt", number(3)}},
      {{"one", array_of({1}, {2})}});
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::size_t k = 0; k < kT; ++k) {
      const double due = 2 * std::pow(kValues[s], 2 + 3 * static_cast<double>(k));
      EXPECT_NEAR(sink->numbers("states")[s * kT + k], due, 1e-13 * due);
    }
  }
}

TEST(ParameterSweep, SplitsByTheValue) {
  const auto sink = make<testing::LinearFlow>({{"values", list({1, 2, 3, 4, 5})},
                                               {"train_range", list({2, 4})},
                                               {"validation_values", list({3})},
                                               {"starts", integer(2)}});
  EXPECT_EQ(sink->integers("split"), (std::vector<std::int64_t>{2, 2, 0, 0, 1, 1, 0, 0, 2, 2}));
}

TEST(ParameterSweep, TrainsOnEverythingUnlessTold) {
  EXPECT_EQ(make<testing::LinearFlow>({})->integers("split"), (std::vector<std::int64_t>{0, 0, 0}));
}

// From 1/2: x[k] = 2^-(2^k) at p = 1 and 2^(2^k - 2) at p = 4, finite up to k = 10.
TEST(ParameterSweep, KeepsWhatCameBeforeAFailure) {
  std::vector<std::string> logged;
  const auto sink = make<BoundedMap>(
      {{"values", list({1, 4})}, {"initial", text("one")}, {"samples", integer(13)}},
      {{"one", array_of({1}, {0.5})}}, 1, &logged);
  EXPECT_EQ(sink->integers("outcome"), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(sink->numbers("last_time"), (Numbers{12, 10}));
  EXPECT_EQ(sink->numbers("states")[13 + 10], std::ldexp(1.0, 1022));
  EXPECT_TRUE(std::isnan(sink->numbers("states")[13 + 11]));
  EXPECT_EQ(logged.size(), 1U);
}

TEST(ParameterSweep, GivesTheSameBytesOnAnyNumberOfThreads) {
  const Config::Table settings = {
      {"parameter", text("rho")}, {"dt", number(0.3)}, {"starts", integer(3)}};
  EXPECT_EQ(make<Lorenz>(settings, {}, 1)->numbers("states"),
            make<Lorenz>(settings, {}, 2)->numbers("states"));
}

TEST(ParameterSweep, RefusesAParameterThatTheModelDoesNotHave) {
  EXPECT_EQ(
      message_of([] {
        make<testing::LinearFlow>({{"parameter", text("rho")}});
      }),
      "setting 'parameter': org.test.system has no parameter or input 'rho'; there are: a, b, "
      "c, u");
}

TEST(ParameterSweep, RefusesValuesOutsideOfTheParametersBounds) {
  EXPECT_EQ(message_of([] { make<BoundedMap>({}); }),
            "setting 'values': 5.000000 is outside of the bounds of p");
}

TEST(ParameterSweep, RefusesToValidateOnAValueThatIsNotThere) {
  EXPECT_EQ(message_of([] {
              make<testing::LinearFlow>({{"validation_values", list({3})}});
            }),
            "setting 'validation_values': 3.000000 is not among the values");
}

}  // namespace
}  // namespace dynkit::trajectories
