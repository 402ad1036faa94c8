// Models in C and in Rust that offer their equation and nothing else, fitted to their own
// trajectories by the command. Data and training take the same steps of RK4, so the true parameters
// leave no residual, and an error of a gradient by differences cannot move the minimum.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using Numbers = std::vector<double>;

CommandResult run(const ScratchFolder& folder, const std::string& words) {
  return run_command(folder, "cd " + folder.path() + " && " DYNKIT_PROGRAM " run " + words +
                                 " --plugin-path " PLUGINS_OF_LANGUAGES);
}

Numbers fitted(const ScratchFolder& folder, const std::string& out, const std::string& block) {
  return load_arrays(folder.file(out + "/model.h5")).at("parameters/" + block).numbers();
}

// The loss falls to 1e-25, its root to 3e-13; the least certain combination of the parameters moves
// the states some hundred times less than these move, and tenfold is left for other rounding.
void expect_recovered(const Numbers& found, const Numbers& truth) {
  ASSERT_EQ(found.size(), truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) EXPECT_NEAR(found[i], truth[i], 1e-9) << i;
}

// By plain gradient descent, which shows every error of a gradient: a quotient is right to ten
// digits, of gradients near 1, in 20 steps of 0.01.
const std::string kCourse =
    " --set training.epochs=20 --set training.optimizer=sgd --set training.learning_rate=0.01";

void expect_same_course(const Numbers& by_differences, const Numbers& exact) {
  ASSERT_EQ(by_differences.size(), exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_NEAR(by_differences[i], exact[i], 1e-10) << i;
  }
  EXPECT_NE(by_differences, exact);  // or derivatives were there all the same
}

const std::string kExample = SOURCE_FOLDER "/examples/brusselator_in_c.toml ";

TEST(TrainingOfAModelInC, RecoversItsParametersWithoutItsDerivatives) {
  const ScratchFolder folder;
  const CommandResult result = run(folder, kExample + "--out r");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(says(result,
                   "org.dynkit.test.brusselator_equation offers no derivatives: gradients are made "
                   "by central differences, 8 evaluations"));
  expect_recovered(fitted(folder, "r", "a"), {1.0});
  expect_recovered(fitted(folder, "r", "b"), {2.5});
}

TEST(TrainingOfAModelInC, TakesTheCourseOfItsDerivatives) {
  const ScratchFolder folder;
  ASSERT_EQ(run(folder, kExample + "--out differences" + kCourse).exit_code, 0);
  const CommandResult exact = run(folder, kExample + "--out exact" + kCourse +
                                              " --set model.component=org.dynkit.test.brusselator");
  ASSERT_EQ(exact.exit_code, 0) << exact.errors;
  EXPECT_FALSE(says(exact, "offers no derivatives"));
  for (const std::string block : {"a", "b"}) {
    expect_same_course(fitted(folder, "differences", block), fitted(folder, "exact", block));
  }
}

#if defined(LOTKA_VOLTERRA)
const Numbers kGrowth = {1.5, 0.75, 1.125};
const Numbers kCompetition = {1, 0.5, 0.25, 0.125, 2, 0.625, 0.375, 0.875, 1.75};

// From few and from many of each species.
std::string competition(const std::string& component) {
  return "[model]\ncomponent = \"" + component +
         "\"\n"
         "parameters = {r = [1, 1, 1], A = [[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]}\n"
         "[dataset]\ncomponent = \"org.dynkit.trajectories\"\ntrials = 9\nsamples = 31\ndt = 0.1\n"
         "initial = [[0.25, 0.25, 0.25], [0.25, 0.25, 1.75], [0.25, 1.75, 0.25], "
         "[0.25, 1.75, 1.75], [1.75, 0.25, 0.25], [1.75, 0.25, 1.75], [1.75, 1.75, 0.25], "
         "[1.75, 1.75, 1.75], [1, 0.5, 0.75]]\n"
         "method = \"rk4\"\nstep = 0.1\n"
         "model = {component = \"" +
         component +
         "\", parameters = {r = [1.5, 0.75, 1.125], A = [[1, 0.5, 0.25], [0.125, 2, 0.625], "
         "[0.375, 0.875, 1.75]]}}\n"
         "[training]\nepochs = 2000\nlearning_rate = 0.1\nschedule = \"cosine\"\n";
}

TEST(TrainingOfAModelInRust, RecoversItsParametersWithoutItsDerivatives) {
  const ScratchFolder folder;
  folder.write("e.toml", competition("org.dynkit.test.lotka_volterra_equation"));
  const CommandResult result = run(folder, "e.toml --out r");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(says(result,
                   "org.dynkit.test.lotka_volterra_equation offers no derivatives: gradients are "
                   "made by central differences, 30 evaluations"));
  expect_recovered(fitted(folder, "r", "r"), kGrowth);
  expect_recovered(fitted(folder, "r", "A"), kCompetition);
}

TEST(TrainingOfAModelInRust, TakesTheCourseOfItsDerivatives) {
  const ScratchFolder folder;
  folder.write("e.toml", competition("org.dynkit.test.lotka_volterra_equation"));
  folder.write("f.toml", competition("org.dynkit.test.lotka_volterra"));
  ASSERT_EQ(run(folder, "e.toml --out differences" + kCourse).exit_code, 0);
  const CommandResult exact = run(folder, "f.toml --out exact" + kCourse);
  ASSERT_EQ(exact.exit_code, 0) << exact.errors;
  EXPECT_FALSE(says(exact, "offers no derivatives"));
  for (const std::string block : {"r", "A"}) {
    expect_same_course(fitted(folder, "differences", block), fitted(folder, "exact", block));
  }
}
#endif

}  // namespace
}  // namespace dynkit::test
