#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <string>

#include "dynkit/core/arrays_io.hpp"
#include "support/recurrent_golden.hpp"

namespace dynkit::testing {
namespace {

const std::filesystem::path kSource = DYNKIT_SOURCE_FOLDER;

class GruGoldenTest : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Levels, GruGoldenTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_GRU_LIBRARY)), level_name);

TEST_P(GruGoldenTest, SequencesAndGradientsMatchPyTorch) {
  for (const char* n : {"5", "64"}) {
    const PluginModel model(GetParam(), {{"n", n}, {"m", "3"}});
    const std::string file = std::string("gru_") + n + ".npz";
    expect_sequences_match_pytorch(model, kSource / "tests/golden/networks" / file);
  }
}

// A network trained on the 3-bit flip-flop and its 27 fixed points at zero input, found and
// linearized by an independent Newton search in NumPy.
struct FlipFlop {
  explicit FlipFlop(const std::string& library)
      : model(library, {{"n", "64"}, {"m", "3"}}),
        reference(load_arrays(folder / "reference_fixed_points.npz")),
        theta(collect_blocks(model, load_arrays(folder / "weights.npz"), "rnn.", "")) {}

  dk_points points() const {
    dk_points points{};
    points.count = 27;
    points.x = {reference.at("xstar").numbers().data(), 64};
    points.theta = {theta.data(), 0};
    return points;
  }

  const std::filesystem::path folder = kSource / "examples/data/flip_flop_gru";
  PluginModel model;
  ArrayMap reference;
  Numbers theta;
};

TEST_P(GruGoldenTest, FlipFlopFixedPointsAreAtRest) {
  const FlipFlop flip_flop(GetParam());
  const Numbers next = flip_flop.model.eval(flip_flop.points());
  EXPECT_LT(largest_difference(next, flip_flop.reference.at("xstar").numbers()), 1e-12);
}

TEST_P(GruGoldenTest, FlipFlopFixedPointsHaveTheKnownUnstableDirections) {
  const FlipFlop flip_flop(GetParam());
  const Numbers J = flip_flop.model.jacobian(flip_flop.points(), DK_WRT_STATE);
  const Array unstable = to_numbers(flip_flop.reference.at("n_unstable"), "n_unstable");
  using Matrix = Eigen::Matrix<double, 64, 64, Eigen::RowMajor>;
  for (std::int64_t s = 0; s < 27; ++s) {
    const Eigen::Map<const Matrix> at(J.data() + s * 64 * 64);
    const Eigen::MatrixXd copy = at;
    const auto outside = (copy.eigenvalues().cwiseAbs().array() > 1.0).count();
    EXPECT_EQ(static_cast<double>(outside), unstable.numbers()[static_cast<std::size_t>(s)]);
  }
}

}  // namespace
}  // namespace dynkit::testing
