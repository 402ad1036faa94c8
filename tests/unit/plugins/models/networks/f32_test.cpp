// Single precision of every plugin that is made of networks: the double's results to the rounding
// of floats, and the rules of dynkit/model.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/f32_model.hpp"
#include "support/network_cases.hpp"

namespace dynkit::testing {
namespace {

// The folder of one instruction-set level is that of a library.
class F32Test : public ::testing::TestWithParam<std::string> {
 protected:
  template <class Check>
  void for_each_network(Check check) const {
    const std::filesystem::path folder = std::filesystem::path(GetParam()).parent_path();
    for (const NetworkCase& network : network_cases()) {
      SCOPED_TRACE(::testing::PrintToString(network));
      const PluginModel model = network.make(folder);
      const F32Model f32(model);
      ASSERT_TRUE(f32.offered());
      check(network, model, f32);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, F32Test,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_PLUGIN_FOLDER
                                                             "/dynkit_node.so")),
                         level_name);

// A sum of w terms in floats, and a few ULP of an activation, are known to (w + 8) 2^-24 of the sum
// of magnitudes; a layer passes on what it gets and adds its own. That sum is larger than the
// largest result by less than errors of random sign fall short of their bound; 2 is for safety.
double rounding(const NetworkCase& network) {
  return 2.0 * static_cast<double>(network.layers * (network.widest + 8)) * 0x1p-24;
}

TEST_P(F32Test, AgreesWithDoubleToTheRoundingOfFloats) {
  for_each_network([](const NetworkCase& network, const PluginModel& model, const F32Model& f32) {
    Problem problem(model, 5);
    const FloatProblem floats(problem);
    const std::vector<Numbers> exact = every_result(model, problem.points());
    const std::vector<Floats> rounded = f32.every_result(floats.points());
    for (std::size_t r = 0; r < exact.size(); ++r) {
      const double bound = rounding(network) * largest_magnitude(exact[r]);
      EXPECT_LE(largest_difference(to_numbers(rounded[r]), exact[r]), bound) << "result " << r;
    }
  });
}

TEST_P(F32Test, TapeAndPreparedChangeNoBit) {
  for_each_network([](const NetworkCase&, const PluginModel& model, const F32Model& f32) {
    Problem problem(model, 5);
    const FloatProblem floats(problem);
    const std::vector<Floats> plain = f32.every_result(floats.points());
    const GuardedBuffer prepared = f32.prepared(floats.theta);
    const GuardedBuffer tape = f32.tape(5);
    for (const bool with_prepared : {false, true}) {
      for (const bool with_tape : {false, true}) {
        dk_points_f32 points = floats.points();
        points.prepared = with_prepared ? prepared.data() : nullptr;
        points.tape = with_tape ? tape.data() : nullptr;
        EXPECT_EQ(f32.every_result(points), plain);
        EXPECT_TRUE(tape.intact());
      }
    }
  });
}

// The gradient of a batch: the sum over 301 samples, on top of what stands there.
TEST_P(F32Test, SharedThetaBarAccumulates) {
  for_each_network([](const NetworkCase& network, const PluginModel& model, const F32Model& f32) {
    constexpr std::int64_t S = 301;
    Problem problem(model, S);
    const FloatProblem floats(problem);
    const Floats out_bar = to_floats(random_numbers(S * problem.o, 71));
    const Numbers exact_bar = to_numbers(out_bar);
    Floats sum(floats.theta.size(), 7.0f);
    Numbers exact(sum.size(), 7.0);
    f32.vjp(floats.points(), {1, {out_bar.data(), problem.o}, {}, {}, {sum.data(), 0}});
    model.vjp(problem.points(), {1, {exact_bar.data(), problem.o}, {}, {}, {exact.data(), 0}});
    // 301 more terms in a row, of random signs.
    const double bound = rounding(network) + 301.0 * 0x1p-24;
    EXPECT_LE(largest_difference(to_numbers(sum), exact), bound * largest_magnitude(exact));
  });
}

TEST_P(F32Test, SplittingABatchChangesNoBit) {
  for_each_network([](const NetworkCase&, const PluginModel& model, const F32Model& f32) {
    constexpr std::int64_t S = 301;
    Problem problem(model, S);
    const FloatProblem floats(problem);
    const Floats out_bar = to_floats(random_numbers(S * problem.o, 71));
    const GuardedBuffer tape = f32.tape(S);
    const auto run = [&](std::int64_t part, void* taped = nullptr) {
      Floats all, theta_bar(floats.theta.size());
      for (std::int64_t s = 0; s < S; s += part) {
        dk_points_f32 points = floats.points(s, std::min(part, S - s));
        points.tape = taped;
        const Floats out = f32.eval(points);
        all.insert(all.end(), out.begin(), out.end());
        f32.vjp(points,
                {1, {out_bar.data() + s * problem.o, problem.o}, {}, {}, {theta_bar.data(), 0}});
      }
      all.insert(all.end(), theta_bar.begin(), theta_bar.end());
      return all;
    };
    const Floats whole = run(S);
    EXPECT_EQ(run(1), whole);
    EXPECT_EQ(run(7), whole);
    EXPECT_EQ(run(S, tape.data()), whole);
    EXPECT_TRUE(tape.intact());
  });
}

TEST_P(F32Test, NullInputIsZeroInput) {
  for_each_network([](const NetworkCase&, const PluginModel& model, const F32Model& f32) {
    Problem problem(model, 5);
    std::fill(problem.u.begin(), problem.u.end(), 0.0);
    const FloatProblem floats(problem);
    dk_points_f32 without = floats.points();
    without.u.data = nullptr;
    EXPECT_EQ(f32.every_result(without), f32.every_result(floats.points()));
  });
}

TEST_P(F32Test, TakesAThetaPerSample) {
  for_each_network([](const NetworkCase&, const PluginModel& model, const F32Model& f32) {
    Problem problem(model, 3);
    const FloatProblem floats(problem);
    const Floats thetas = to_floats(random_numbers(3 * problem.p, 61, 0.5));
    dk_points_f32 points = floats.points();
    points.theta = {thetas.data(), problem.p};
    const Floats out = f32.eval(points);
    const Floats J = f32.jacobian(points, DK_WRT_STATE);
    for (std::int64_t s = 0; s < 3; ++s) {
      dk_points_f32 one = floats.points(s, 1);
      one.theta = {thetas.data() + s * problem.p, 0};
      const Floats alone = f32.eval(one), J_alone = f32.jacobian(one, DK_WRT_STATE);
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), out.begin() + s * problem.o));
      EXPECT_TRUE(
          std::equal(J_alone.begin(), J_alone.end(), J.begin() + s * problem.o * problem.n));
    }
  });
}

TEST_P(F32Test, NanStaysInItsSample) {
  for_each_network([](const NetworkCase&, const PluginModel& model, const F32Model& f32) {
    Problem problem(model, 5);
    FloatProblem floats(problem);
    const Floats clean = f32.eval(floats.points());
    std::fill_n(floats.x.begin() + 2 * problem.n, problem.n, std::nanf(""));
    const Floats out = f32.eval(floats.points());
    for (std::int64_t i = 0; i < 5 * problem.o; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (i / problem.o == 2) {
        EXPECT_TRUE(std::isnan(out[at]));
      } else {
        EXPECT_EQ(out[at], clean[at]);
      }
    }
  });
}

}  // namespace
}  // namespace dynkit::testing
