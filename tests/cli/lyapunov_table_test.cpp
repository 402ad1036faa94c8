// Lyapunov spectra of systems whose answers are known, through `dynkit run`, each within a
// tolerance of at least three of the standard errors that the run itself reports.
//
// References: closed forms where there are any; else J. C. Sprott, "Chaos and Time-Series Analysis"
// (Oxford, 2003), and our own runs of 2e8 steps (Henon), 2e5 (Lorenz), 4e5 (Rossler) and 5e3
// (Lorenz-96) time units with an independent program, whose uncertainty stands beside the value.
// Sampling errors fall as the root of the length, and lengths are chosen for the usual tolerances:
// 2e-3 of Lorenz, 1e-3 of Rossler, 5e-4 of Henon, 0.01 of Lorenz-96. Slow builds, as with
// sanitizers, run a sixteenth of it and are held to their own errors alone.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/slowness.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

struct Spectrum {  // NOLINT(bugprone-exception-escape): json checks itself in its moves
  std::vector<double> exponents, errors;
  json summary;
};

Spectrum analyze(const std::string& model, const std::string& settings) {
  const ScratchFolder folder;
  folder.write("e.toml", "seed = 1\n[model]\ncomponent = \"org.dynkit." + model +
                             "\n[[analysis]]\ncomponent = \"org.dynkit.lyapunov\"\n" + settings);
  const CommandResult result =
      run_command(folder, std::string(DYNKIT_PROGRAM) + " run " + folder.file("e.toml") +
                              " --json --out " + folder.file("run"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("run/results.h5"));
  Spectrum spectrum;
  spectrum.exponents = arrays.at("analyses/lyapunov/exponents").numbers();
  spectrum.errors = arrays.at("analyses/lyapunov/standard_error").numbers();
  spectrum.summary = json::parse(result.output).at("analyses").at("lyapunov").at("summary");
  EXPECT_EQ(spectrum.summary.at("converged"), "yes");
  return spectrum;
}

struct Known {
  double value;
  double uncertainty;  // of the value
  double tolerance;
};

std::string length(double full) {
  return "length = " + std::to_string(kSlowness > 1 ? full / 16.0 : full) + "\n";
}

// Within the tolerance, which the reported error makes meaningful, and within 5 of those errors.
void expect_known(double value, double error, const Known& known) {
  if (kSlowness == 1) {
    EXPECT_NEAR(value, known.value, known.tolerance);
    EXPECT_LT(error, known.tolerance / 3.0);
  }
  EXPECT_NEAR(value, known.value, 5.0 * error + known.uncertainty);
}

TEST(LyapunovTable, Lorenz) {
  const Spectrum found = analyze("lorenz63\"", length(2e5));
  expect_known(found.exponents[0], found.errors[0], {0.90535, 3e-4, 2e-3});
  expect_known(found.exponents[1], found.errors[1], {0.0, 0.0, 2e-3});
  expect_known(found.exponents[2], found.errors[2], {-14.57201, 3e-4, 2e-3});
  // The sum is that of tr J, the same everywhere: what is left is the integrator's error.
  EXPECT_NEAR(found.summary.at("sum").get<double>(), -41.0 / 3.0, 1e-4);
  expect_known(found.summary.at("kaplan_yorke"), found.summary.at("kaplan_yorke_error"),
               {2.06213, 2e-5, 2e-4});
}

TEST(LyapunovTable, Rossler) {
  const Spectrum found = analyze("rossler\"", length(4e5));
  expect_known(found.exponents[0], found.errors[0], {0.07131, 3e-4, 1e-3});
  expect_known(found.exponents[1], found.errors[1], {0.0, 0.0, 1e-3});
  expect_known(found.exponents[2], found.errors[2], {-5.39435, 3e-4, 1e-3});
  expect_known(found.summary.at("kaplan_yorke"), found.summary.at("kaplan_yorke_error"),
               {2.01322, 6e-5, 2e-4});
}

TEST(LyapunovTable, Lorenz96) {
  const Spectrum found = analyze("lorenz96\"", length(6e4));
  ASSERT_EQ(found.exponents.size(), 40u);
  expect_known(found.exponents[0], found.errors[0], {1.69, 0.01, 0.01});
  expect_known(found.summary.at("kaplan_yorke"), found.summary.at("kaplan_yorke_error"),
               {27.07, 0.03, 0.06});
  // 13 are positive, the 14th is that along the flow.
  EXPECT_GT(found.exponents[12], 0.01);
  EXPECT_NEAR(found.exponents[13], 0.0, 0.01);
  EXPECT_LT(found.exponents[14], -0.01);
  EXPECT_NEAR(found.summary.at("sum").get<double>(), -40.0, 1e-4);
}

// Floquet: an orbit of whole periods has the exponents 0 and log(multiplier) / period at any
// length, so the integrator's tolerance is the only error.
TEST(LyapunovTable, VanDerPolOverWholePeriods) {
  const Spectrum found =
      analyze("van_der_pol\"", "length = 426.4503589952\nrtol = 1e-10\natol = 1e-12\n");
  EXPECT_NEAR(found.exponents[0], 0.0, 1e-9);
  EXPECT_NEAR(found.exponents[1], -1.05937699, 1e-8);
  EXPECT_NEAR(found.summary.at("kaplan_yorke").get<double>(), 1.0, 1e-9);
}

TEST(LyapunovTable, Henon) {
  const Spectrum found = analyze("henon\"", length(1.5e7));
  expect_known(found.exponents[0], found.errors[0], {0.419153, 3e-5, 5e-4});
  expect_known(found.exponents[1], found.errors[1], {-1.623125, 3e-5, 5e-4});
  EXPECT_NEAR(found.summary.at("sum").get<double>(), std::log(0.3), 1e-10);
  expect_known(found.summary.at("kaplan_yorke"), found.summary.at("kaplan_yorke_error"),
               {1.258238, 2e-5, 3e-4});
}

TEST(LyapunovTable, LogisticMap) {
  const Spectrum found = analyze("logistic\"\nparameters = { r = 4.0 }", "length = 1e6\n");
  expect_known(found.exponents[0], found.errors[0], {std::log(2.0), 0.0, 1e-4});
}

// Not normal, so that tangents need time to find their directions.
TEST(LyapunovTable, LinearFlowHasTheRealPartsOfItsEigenvalues) {
  const Spectrum found = analyze(
      "linear_flow\"\nn = 3\nparameters = { A = [[-0.1, 0.7, 0.3], [0, -0.4, 0.5], [0, 0, -1.3]] }",
      "length = 200\nburn_in = 100\n");
  const double expected[] = {-0.1, -0.4, -1.3};
  // rtol = 1e-6 a step of order 8, far below its limit of stability.
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(found.exponents[k], expected[k], 1e-8);
  EXPECT_EQ(found.summary.at("kaplan_yorke").get<double>(), 0.0);
}

TEST(LyapunovTable, LinearMapHasTheLogarithmsOfItsEigenvalues) {
  const Spectrum found = analyze("linear_map\"\nn = 2\nparameters = { A = [[1.1, 0.7], [0, 0.8]] }",
                                 "length = 640\nburn_in = 200\n");
  EXPECT_NEAR(found.exponents[0], std::log(1.1), 1e-12);
  EXPECT_NEAR(found.exponents[1], std::log(0.8), 1e-12);
  EXPECT_NEAR(found.summary.at("kaplan_yorke").get<double>(), 1.0 - std::log(1.1) / std::log(0.8),
              1e-10);
}

}  // namespace
}  // namespace dynkit::test
