#include "dynkit/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <vector>

#include "core/host/philox.hpp"

namespace dynkit {
namespace {

std::vector<double> uniforms(dk_stream stream, std::size_t count) {
  std::vector<double> values(count);
  draw_uniform(stream, values);
  return values;
}

std::vector<double> normals(dk_stream stream, std::size_t count) {
  std::vector<double> values(count);
  draw_normal(stream, values);
  return values;
}

double mean_power(const std::vector<double>& values, int power) {
  double sum = 0;
  for (const double value : values) sum += std::pow(value, power);
  return sum / static_cast<double>(values.size());
}

double normal_distribution(double z) {
  return 0.5 * std::erfc(-z * std::sqrt(0.5));
}

// Largest distance between the empirical distribution of u-values and the uniform one.
double kolmogorov_distance(std::vector<double> u) {
  std::sort(u.begin(), u.end());
  const auto count = static_cast<double>(u.size());
  double distance = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, u[i] - rank / count, (rank + 1) / count - u[i]});
  }
  return distance;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum / static_cast<double>(a.size());
}

auto identity(const dk_stream& stream) {
  return std::make_tuple(stream.key[0], stream.key[1], stream.path[0], stream.path[1]);
}

constexpr std::size_t kMany = 1'000'000;

// These bits are a promise: results of old runs repeat as long as they hold. The numbers were
// computed by an independent program (Python, from the definition).

TEST(UniformStream, HasPinnedFirstNumbers) {
  const std::vector<double> expected{0x1.6121893b368edp-1, 0x1.03d4c54fe61p-9, 0x1.e495a5f661a67p-1,
                                     0x1.2e06dbe8be524p-3, 0x1.7dbcff983a6b8p-4};
  EXPECT_EQ(uniforms(make_stream(42, "pinned"), expected.size()), expected);
}

TEST(NormalStream, HasPinnedFirstNumbers) {
  const std::vector<double> expected{0x1.fae7ff88e1851p-2, -0x1.70c32b71f9693p+1,
                                     0x1.9c8504588b202p+0, -0x1.0c1dba7f397b7p+0,
                                     -0x1.5241d704f8f98p+0};
  EXPECT_EQ(normals(make_stream(42, "pinned"), expected.size()), expected);
}

TEST(IntegerStream, HasPinnedFirstNumbers) {
  dk_stream stream = make_stream(42, "pinned");
  std::vector<std::int64_t> values(5);
  draw_integer(stream, 1'000'000'007, values);
  EXPECT_EQ(values,
            (std::vector<std::int64_t>{689708989, 1982354, 946454232, 147474021, 93197821}));
}

TEST(Split, HasPinnedChild) {
  const dk_stream child = split(split(make_stream(42, "pinned"), 7), -1);
  EXPECT_EQ(identity(child), std::make_tuple(0x9639c4dfu, 0x2fae4684u, 0xb7798746u, 0x5ae6f4b9u));
}

TEST(UniformStream, ReadsTheWordsOfItsPhiloxBlocks) {
  const dk_stream stream{{3, 5}, {7, 11}, 0};
  const std::vector<double> values = uniforms(stream, 3);
  const PhiloxCounter second = philox({1, 0, 7, 11}, {3, 5});
  const std::uint64_t word = std::uint64_t{second[1]} << 32 | second[0];
  EXPECT_EQ(values[2], std::ldexp(static_cast<double>(word >> 12) + 0.5, -52));
}

TEST(UniformStream, GivesTheSameNumbersInAnyCuts) {
  dk_stream stream = make_stream(1, "cuts");
  const std::vector<double> whole = uniforms(stream, 17);
  std::vector<double> pieces(17);
  std::size_t begin = 0;
  for (const std::size_t size : {1u, 2u, 0u, 5u, 3u, 6u}) {
    draw_uniform(stream, {pieces.data() + begin, size});
    begin += size;
  }
  EXPECT_EQ(pieces, whole);
  EXPECT_EQ(stream.position, 17u);
}

TEST(NormalStream, GivesTheSameNumbersInAnyCuts) {
  dk_stream stream = make_stream(2, "cuts");
  const std::vector<double> whole = normals(stream, 9);
  std::vector<double> pieces(9);
  for (double& value : pieces) draw_normal(stream, {&value, 1});
  EXPECT_EQ(pieces, whole);
}

TEST(IntegerStream, GivesTheSameNumbersInAnyCutsAlsoWithRejections) {
  constexpr std::int64_t bound = std::int64_t{3} << 61;  // a quarter of the words are rejected
  dk_stream stream = make_stream(3, "cuts");
  dk_stream copy = stream;
  std::vector<std::int64_t> whole(1001), pieces(1001);
  draw_integer(copy, bound, whole);
  for (std::int64_t& value : pieces) draw_integer(stream, bound, {&value, 1});
  EXPECT_EQ(pieces, whole);
  EXPECT_GT(stream.position, 1100u);
}

TEST(UniformStream, HasTheMomentsOfTheUniformDistribution) {
  const std::vector<double> values = uniforms(make_stream(5, "moments"), kMany);
  // Standard errors of the mean powers: sqrt(1/(2k+1) - 1/(k+1)^2) / sqrt(N).
  for (const int k : {1, 2, 3, 4}) {
    const double expected = 1.0 / (k + 1);
    const double error = std::sqrt((1.0 / (2 * k + 1) - expected * expected) / kMany);
    EXPECT_NEAR(mean_power(values, k), expected, 5 * error) << "power " << k;
  }
}

TEST(NormalStream, HasTheMomentsOfTheNormalDistribution) {
  const std::vector<double> values = normals(make_stream(6, "moments"), kMany);
  // Variance of z^k: E z^2k - (E z^k)^2 = 1, 2, 15, 96 for k = 1..4, 10170 for k = 6.
  const auto bound = [](double variance) { return 5 * std::sqrt(variance / kMany); };
  EXPECT_NEAR(mean_power(values, 1), 0, bound(1));
  EXPECT_NEAR(mean_power(values, 2), 1, bound(2));
  EXPECT_NEAR(mean_power(values, 3), 0, bound(15));
  EXPECT_NEAR(mean_power(values, 4), 3, bound(96));
  EXPECT_NEAR(mean_power(values, 6), 15, bound(10170));
}

TEST(UniformStream, FollowsTheUniformDistribution) {
  // sqrt(N) D > 2.7 has probability 2 exp(-2 2.7^2) = 9e-7, that of 4.9 standard errors.
  EXPECT_LT(kolmogorov_distance(uniforms(make_stream(7, "ks"), kMany)), 2.7 / std::sqrt(kMany));
}

TEST(NormalStream, FollowsTheNormalDistribution) {
  std::vector<double> values = normals(make_stream(8, "ks"), kMany);
  for (double& value : values) value = normal_distribution(value);
  EXPECT_LT(kolmogorov_distance(values), 2.7 / std::sqrt(kMany));
}

// The C library's erfc is an oracle of its own, good to about 1e-15 relative.
TEST(NormalStream, InvertsTheDistributionFunction) {
  const dk_stream stream = make_stream(9, "inverse");
  const std::vector<double> u = uniforms(stream, 100'000), z = normals(stream, 100'000);
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double tail = std::min(u[i], 1 - u[i]);
    const double mean_distance = std::fabs(z[i]) + 1;  // d log(tail) / dz is about |z|
    EXPECT_NEAR(normal_distribution(-std::fabs(z[i])), tail, 2e-15 * mean_distance * tail);
    EXPECT_EQ(z[i] < 0, u[i] < 0.5);
  }
}

TEST(IntegerStream, IsUnbiasedWhereModuloWouldNotBe) {
  // With bound 3 * 2^61 words taken modulo it would fall into the lowest third with probability
  // 1/2; taken by multiplication without rejection, unevenly too.
  constexpr std::int64_t third = std::int64_t{1} << 61;
  dk_stream stream = make_stream(10, "integers");
  std::vector<std::int64_t> values(300'000);
  draw_integer(stream, 3 * third, values);
  const double error = std::sqrt(3e5 * (1.0 / 3) * (2.0 / 3));
  for (const std::int64_t part : {0, 1, 2}) {
    const auto count = std::count_if(values.begin(), values.end(), [&](std::int64_t value) {
      return value >= part * third && value < (part + 1) * third;
    });
    EXPECT_NEAR(static_cast<double>(count), 1e5, 5 * error);
  }
}

TEST(IntegerStream, ReachesEveryValueBelowTheBoundAndNoOther) {
  dk_stream stream = make_stream(11, "dice");
  std::vector<std::int64_t> values(1000);
  draw_integer(stream, 6, values);
  EXPECT_EQ(std::set<std::int64_t>(values.begin(), values.end()),
            (std::set<std::int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(IntegerStream, TreatsBoundsBelowOneAsOne) {
  dk_stream stream = make_stream(12, "edge");
  for (const std::int64_t bound : {1, 0, -4}) {
    std::int64_t value = 9;
    draw_integer(stream, bound, {&value, 1});
    EXPECT_EQ(value, 0);
  }
}

TEST(Split, DoesNotDependOnHowMuchWasDrawn) {
  dk_stream stream = make_stream(13, "split");
  const auto before = identity(split(stream, 4));
  std::vector<double> some(101);
  draw_uniform(stream, some);
  EXPECT_EQ(identity(split(stream, 4)), before);
}

TEST(Split, GivesUncorrelatedStreams) {
  const dk_stream root = make_stream(14, "tree");
  const std::vector<std::vector<double>> branches{normals(root, kMany),
                                                  normals(split(root, 0), kMany),
                                                  normals(split(root, 1), kMany),
                                                  normals(split(root, -1), kMany),
                                                  normals(split(split(root, 0), 0), kMany),
                                                  normals(split(split(root, 0), 1), kMany)};
  for (std::size_t i = 0; i < branches.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      // Standard error of the mean product of independent normals: 1/sqrt(N).
      EXPECT_LT(std::fabs(correlation(branches[i], branches[j])), 5 / std::sqrt(kMany));
    }
  }
}

// First numbers across many children, the way trajectories use them: one child, few numbers.
TEST(Split, GivesUniformFirstNumbersAcrossChildren) {
  const dk_stream root = make_stream(15, "across");
  std::vector<double> first(200'000);
  for (std::size_t i = 0; i < first.size(); ++i) {
    first[i] = uniforms(split(root, static_cast<std::int64_t>(i)), 1)[0];
  }
  EXPECT_LT(kolmogorov_distance(first), 2.7 / std::sqrt(first.size()));
  std::vector<double> shifted(first.begin() + 1, first.end());
  for (double& value : first) value = (value - 0.5) * std::sqrt(12);
  for (double& value : shifted) value = (value - 0.5) * std::sqrt(12);
  first.pop_back();
  EXPECT_LT(std::fabs(correlation(first, shifted)), 5 / std::sqrt(first.size()));
}

TEST(Split, KeepsTreesOfBranchesApart) {
  const dk_stream root = make_stream(16, "apart");
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> seen;
  for (std::int64_t i = 0; i < 100; ++i) {
    const dk_stream child = split(root, i);
    seen.insert(identity(child));
    for (std::int64_t j = 0; j < 100; ++j) seen.insert(identity(split(child, j)));
  }
  EXPECT_EQ(seen.size(), 100u + 100u * 100u);
}

TEST(Stream, DiffersBySeedAndByName) {
  const auto reference = identity(make_stream(17, "train"));
  EXPECT_NE(identity(make_stream(18, "train")), reference);
  EXPECT_NE(identity(make_stream(17, "trail")), reference);
  EXPECT_EQ(identity(make_stream(17, "train")), reference);
}

}  // namespace
}  // namespace dynkit
