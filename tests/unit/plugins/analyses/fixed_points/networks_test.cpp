// Completeness on trained networks, against the points that independent searches found.

#include "networks.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "dynkit/core/arrays_io.hpp"
#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::Values;

const std::filesystem::path kNetworks = DYNKIT_SOURCE_FOLDER "/tests/golden/networks_flip_flop";
const std::filesystem::path kGru = DYNKIT_SOURCE_FOLDER "/examples/data/flip_flop_gru";

Values sum(Values a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

// a + W u, W [rows,m].
Values add_input(Values a, const Values& W, const Values& u) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < u.size(); ++k) a[i] += W[i * u.size() + k] * u[k];
  }
  return a;
}

testing::GruNetwork load_gru(const Values& u, bool balanced) {
  const ArrayMap weights = load_arrays(kGru / "weights.npz");
  const auto get = [&](const char* name) { return weights.at(name).numbers(); };
  return {{.W_hidden = get("rnn.weight_hh_l0"),
           .a_input = add_input(get("rnn.bias_ih_l0"), get("rnn.weight_ih_l0"), u),
           .b_hidden = get("rnn.bias_hh_l0")},
          balanced};
}

Values gru_states() {
  return load_arrays(kGru / "states.npy").at("states").numbers();
}

// Every reference point within 1e-8 and no other, at residuals of rounding.
void expect_exactly(const Values& reference, std::int64_t n, const SearchResult& result) {
  const std::size_t count = reference.size() / static_cast<std::size_t>(n);
  EXPECT_EQ(result.inside(), static_cast<std::int64_t>(count));
  for (std::size_t k = 0; k < count; ++k) {
    const auto x =
        std::span(reference).subspan(k * static_cast<std::size_t>(n), static_cast<std::size_t>(n));
    EXPECT_LT(testing::nearest(result.roots, x), 1e-8);
  }
  for (const Root& root : result.roots) EXPECT_LE(root.residual, 1e-12);
  EXPECT_EQ(result.index_sum(), 1);
  EXPECT_EQ(result.incomplete, "");
}

TEST(Networks, AllPointsOfTrainedGruAreFound) {
  const testing::GruNetwork gru = load_gru({0, 0, 0}, true);
  const Values reference = load_arrays(kGru / "reference_fixed_points.npz").at("xstar").numbers();
  for (std::uint32_t seed = 0; seed < 5; ++seed) {
    expect_exactly(reference, 64, search(gru, gru_states(), testing::cube(64, 1), {}, seed));
  }
}

// At this input the reference is the same search with twenty times the patience for new points.
TEST(Networks, PointsOfDrivenGruAreThoseOfMuchLongerSearch) {
  const testing::GruNetwork gru = load_gru({1, 0, 0}, true);
  SearchOptions longer;
  longer.stop.quiet_starts = 4000;
  const auto a = search(gru, gru_states(), testing::cube(64, 1), longer, 99);
  const auto b = search(gru, gru_states(), testing::cube(64, 1), {}, 3);
  EXPECT_EQ(a.inside(), 9);
  EXPECT_EQ(b.inside(), 9);
  for (const Root& root : b.roots) EXPECT_LT(testing::nearest(a.roots, root.x), 1e-12);
}

// The gate trap: from far starts the plain residual of a GRU vanishes where its gates close.
TEST(Networks, PlainResidualOfGruFindsNoSpuriousPoint) {
  const testing::GruNetwork gru = load_gru({0, 0, 0}, false);
  SearchOptions options;
  options.stop.max_starts = 200;
  const SearchResult result = search(gru, gru_states(), testing::cube(64, 1), options, 1);
  const SearchResult balanced =
      search(load_gru({0, 0, 0}, true), gru_states(), testing::cube(64, 1), {}, 1);
  EXPECT_GT(result.inside(), 15);
  for (const Root& root : result.roots) {
    if (!root.inside) continue;
    EXPECT_LT(testing::nearest(balanced.roots, root.x), 1e-8);
  }
}

class TanhNetworks : public ::testing::TestWithParam<const char*> {};

TEST_P(TanhNetworks, AllPointsAreFound) {
  const ArrayMap file = load_arrays(kNetworks / GetParam());
  const auto get = [&](const char* name) { return file.at(name).numbers(); };
  const testing::TanhNetwork network(get("weight_hh_l0"),
                                     sum(get("bias_ih_l0"), get("bias_hh_l0")));
  const std::int64_t n = network.size();
  for (std::uint32_t seed = 0; seed < (n < 100 ? 20u : 2u); ++seed) {
    expect_exactly(get("reference_x"), n,
                   search(network, get("states"), testing::cube(n, 1), {}, seed));
  }
}

INSTANTIATE_TEST_SUITE_P(FlipFlop, TanhNetworks,
                         ::testing::Values("tanh_16_0.npz", "tanh_128_0.npz"));

}  // namespace
}  // namespace dynkit::fixed_points
