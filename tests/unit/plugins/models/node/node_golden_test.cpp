// Against nn.Sequential of PyTorch, and neural ODEs that others trained.
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <complex>
#include <filesystem>
#include <string>

#include "dynkit/core/arrays_io.hpp"
#include "support/perceptron_oracle.hpp"
#include "support/sequential_golden.hpp"

namespace dynkit::testing {
namespace {

const std::filesystem::path kGolden = DYNKIT_SOURCE_FOLDER "/tests/golden";

class NodeGoldenTest : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Levels, NodeGoldenTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_NODE_LIBRARY)), level_name);

TEST_P(NodeGoldenTest, FieldsAndGradientsMatchPyTorch) {
  const ArrayMap golden = load_arrays(kGolden / "networks/sequential.npz");
  for (const SequentialCase& one : sequential_cases()) {
    const PluginModel model(GetParam(), {{"n", "3"},
                                         {"m", "2"},
                                         {"hidden", list_text(one.hidden)},
                                         {"activation", one.activation}});
    expect_rows_match_pytorch(model, golden, one.name);
  }
}

// A generator of Sedler, Versteeg and Pandarinath (2023), as a flow and as the residual map with
// the step of one bin.
struct Generator {
  Generator(const std::string& library, const std::string& system)
      : flow(library, {}),
        map(library, {{"time", "map"}, {"step", "0.014285714285714285"}}),
        theta(collect_blocks(
            flow, load_arrays(kGolden / ("trained_models/sedler2023_" + system + "_node.npz")),
            "decoder.vf.vf.vf.", "")) {
    for (auto& [name, array] :
         load_arrays(kGolden / "trained_models/sedler2023_node_reference.npz")) {
      if (name.starts_with(system)) reference[name.substr(system.size() + 1)] = array;
    }
  }

  const Numbers& numbers(const std::string& name) const { return reference.at(name).numbers(); }
  dk_points at(const std::string& name) const {
    dk_points points{};
    points.count = reference.at(name).shape[0];
    points.x = {numbers(name).data(), 3};
    points.theta = {theta.data(), 0};
    return points;
  }

  PluginModel flow, map;
  Numbers theta;
  ArrayMap reference;
};

constexpr const char* kSystems[] = {"lorenz", "arneodo"};

// Sums of 128 terms in double precision, in another order than NumPy's.
TEST_P(NodeGoldenTest, TrainedGeneratorsMatchNumpy) {
  for (const char* system : kSystems) {
    const Generator generator(GetParam(), system);
    const Numbers& f = generator.numbers("f");
    const Numbers& df_dz = generator.numbers("df_dz");
    const dk_points points = generator.at("z");
    EXPECT_LT(largest_difference(generator.flow.eval(points), f), 1e-13 * largest_magnitude(f));
    EXPECT_LT(largest_difference(generator.flow.jacobian(points, DK_WRT_STATE), df_dz),
              1e-13 * largest_magnitude(df_dz));
  }
}

// The points are zeros to 5e-15, in fields of magnitude 10.
TEST_P(NodeGoldenTest, KnownFixedPointsOfTrainedGeneratorsAreAtRest) {
  for (const char* system : kSystems) {
    const Generator generator(GetParam(), system);
    const dk_points points = generator.at("fixed_points");
    EXPECT_EQ(points.count, 3);
    EXPECT_LT(largest_magnitude(generator.flow.eval(points)), 1e-13);
    EXPECT_LT(largest_difference(generator.map.eval(points), generator.numbers("fixed_points")),
              2e-15);
  }
}

TEST_P(NodeGoldenTest, TrainedGeneratorsHaveTheKnownEigenvalues) {
  for (const char* system : kSystems) {
    const Generator generator(GetParam(), system);
    const Numbers J = generator.map.jacobian(generator.at("fixed_points"), DK_WRT_STATE);
    const auto& expected =
        std::get<std::vector<std::complex<double>>>(generator.reference.at("eigenvalues").values);
    for (std::size_t point = 0; point < 3; ++point) {
      const Eigen::Matrix3d at =
          Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(J.data() + 9 * point);
      const Eigen::Vector3cd eigenvalues = at.eigenvalues();
      for (std::size_t i = 0; i < 3; ++i) {
        // Three distinct eigenvalues near 1, well conditioned.
        EXPECT_LT((eigenvalues.array() - expected[3 * point + i]).abs().minCoeff(), 1e-13);
      }
    }
  }
}

}  // namespace
}  // namespace dynkit::testing
