#include "dynkit/matrix_product.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace dynkit {
namespace {

template <class Number>
std::vector<Number> random_numbers(std::int64_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::vector<Number> numbers(static_cast<std::size_t>(count));
  for (Number& number : numbers) number = static_cast<Number>(uniform(engine));
  return numbers;
}

template <class Number>
Number at(MatrixOf<Number> a, std::int64_t i, std::int64_t j) {
  return a.data[i * a.row_stride + j * a.column_stride];
}

// C = C0 + A B in long double, element by element, rows c_stride apart.
template <class Number>
std::vector<Number> product_by_loops(std::int64_t M, std::int64_t N, std::int64_t K,
                                     MatrixOf<Number> a, MatrixOf<Number> b, std::vector<Number> c,
                                     std::int64_t c_stride) {
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < N; ++j) {
      Number& element = c[static_cast<std::size_t>(i * c_stride + j)];
      long double sum = element;
      for (std::int64_t k = 0; k < K; ++k)
        sum += static_cast<long double>(at(a, i, k)) * at(b, k, j);
      element = static_cast<Number>(sum);
    }
  }
  return c;
}

struct Sizes {
  std::int64_t M, N, K;
};

// One below, at and above every block: rows of a tile 6, of a thin one 12, lanes 2 to 16, columns
// of a panel 4 to 64, depth 256 to 4096; thin results of one to eight columns with all numbers of
// rows behind the last tile; and sizes that are empty or one.
constexpr Sizes kSizes[] = {{1, 1, 1},    {2, 3, 4},    {3, 5, 2},     {4, 7, 9},     {5, 8, 3},
                            {6, 9, 8},    {7, 15, 17},  {11, 16, 13},  {12, 17, 5},   {13, 31, 6},
                            {8, 32, 33},  {1, 33, 64},  {3, 40, 7},    {20, 63, 255}, {7, 64, 19},
                            {6, 130, 31}, {2, 65, 257}, {6, 100, 512}, {9, 4, 2049},  {4, 24, 0},
                            {0, 8, 8},    {5, 0, 6},    {12, 2, 7},    {23, 1, 10},   {25, 3, 14},
                            {29, 4, 11},  {32, 5, 9},   {21, 6, 15},   {28, 7, 12},   {39, 8, 18},
                            {19, 9, 20},  {24, 2, 3},   {13, 3, 4097}};

template <class Number>
class MatrixProduct : public ::testing::Test {};
using Precisions = ::testing::Types<double, float>;
TYPED_TEST_SUITE(MatrixProduct, Precisions);

// Rows of A and B further apart than they are long, both also by columns; what lies between the
// rows of C stays untouched.
TYPED_TEST(MatrixProduct, IsTheSumElementByElement) {
  using Number = TypeParam;
  for (const auto& [M, N, K] : kSizes) {
    const std::vector<Number> storage_a = random_numbers<Number>((M + 1) * (K + 2), 1);
    const std::vector<Number> storage_b = random_numbers<Number>((N + 3) * (K + 3), 2);
    const MatrixOf<Number> by_rows{storage_a.data(), K + 2};
    const MatrixOf<Number> by_columns{storage_a.data(), 1, M + 1};
    const MatrixOf<Number> b{storage_b.data(), N + 3};
    const MatrixOf<Number> b_across{storage_b.data(), 1, K + 3};
    const std::vector<Number> before = random_numbers<Number>(M * (N + 5), 3);
    for (const MatrixOf<Number>& left : {by_rows, by_columns}) {
      for (const MatrixOf<Number>& right : {b, b_across}) {
        std::vector<Number> c = before;
        add_product(M, N, K, left, right, c.data(), N + 5);
        const std::vector<Number> expected = product_by_loops(M, N, K, left, right, before, N + 5);
        // K roundings of sums no larger than K + 1
        const double tolerance =
            0.55 * std::numeric_limits<Number>::epsilon() * static_cast<double>((K + 1) * (K + 1));
        for (std::size_t i = 0; i < c.size(); ++i) ASSERT_NEAR(c[i], expected[i], tolerance);
      }
    }
  }
}

// The same bits as from copies of the row, and what lies between the rows of C stays untouched.
TYPED_TEST(MatrixProduct, BeginsWithARow) {
  using Number = TypeParam;
  for (const auto& [M, N, K] : kSizes) {
    const std::vector<Number> storage_a = random_numbers<Number>(M * (K + 1), 1);
    const std::vector<Number> storage_b = random_numbers<Number>((K + 1) * N, 2);
    const MatrixOf<Number> a{storage_a.data(), K + 1}, b{storage_b.data(), N};
    const std::vector<Number> row = random_numbers<Number>(N, 4);
    std::vector<Number> c = random_numbers<Number>(M * (N + 5), 3);
    std::vector<Number> expected = c;
    for (std::int64_t i = 0; i < M; ++i) {
      std::copy(row.begin(), row.end(), expected.begin() + i * (N + 5));
    }
    add_product(M, N, K, a, b, expected.data(), N + 5);
    set_product(M, N, K, a, b, row.data(), c.data(), N + 5);
    EXPECT_EQ(c, expected) << M << " x " << N << " x " << K;
  }
}

template <class Number>
struct Problem {
  explicit Problem(const Sizes& sizes)
      : storage_a(random_numbers<Number>(sizes.M * sizes.K, 1)),
        storage_b(random_numbers<Number>(sizes.K * sizes.N, 2)),
        a{storage_a.data(), sizes.K},
        b{storage_b.data(), sizes.N},
        before(random_numbers<Number>(sizes.M * sizes.N, 3)),
        after(before) {
    add_product(sizes.M, sizes.N, sizes.K, a, b, after.data(), sizes.N);
  }
  std::vector<Number> storage_a, storage_b;
  MatrixOf<Number> a, b;
  std::vector<Number> before, after;
};

TYPED_TEST(MatrixProduct, HasTheSameBitsHoweverBIsStored) {
  using Number = TypeParam;
  for (const Sizes& sizes : kSizes) {
    const auto& [M, N, K] = sizes;
    const Problem<Number> problem(sizes);
    std::vector<Number> transposed;
    for (std::int64_t j = 0; j < N; ++j) {
      for (std::int64_t k = 0; k < K; ++k) transposed.push_back(at(problem.b, k, j));
    }
    std::vector<Number> c = problem.before;
    add_product(M, N, K, problem.a, MatrixOf<Number>{transposed.data(), K}.transposed(), c.data(),
                N);
    EXPECT_EQ(c, problem.after);
  }
}

TYPED_TEST(MatrixProduct, HasTheSameBitsRowByRow) {
  using Number = TypeParam;
  for (const Sizes& sizes : kSizes) {
    const auto& [M, N, K] = sizes;
    const Problem<Number> problem(sizes);
    std::vector<Number> c = problem.before;
    for (std::int64_t i = 0; i < M; ++i) {
      add_product(1, N, K, problem.a.from(i, 0), problem.b, c.data() + i * N, N);
    }
    EXPECT_EQ(c, problem.after);
  }
}

TYPED_TEST(MatrixProduct, HasTheSameBitsColumnByColumnAndInTwoSums) {
  using Number = TypeParam;
  for (const Sizes& sizes : kSizes) {
    const auto& [M, N, K] = sizes;
    const Problem<Number> problem(sizes);
    std::vector<Number> c = problem.before;
    const std::int64_t half = K / 2;
    for (std::int64_t j = 0; j < N; ++j) {
      add_product(M, 1, half, problem.a, problem.b.from(0, j), c.data() + j, N);
      add_product(M, 1, K - half, problem.a.from(0, half), problem.b.from(half, j), c.data() + j,
                  N);
    }
    EXPECT_EQ(c, problem.after);
  }
}

}  // namespace
}  // namespace dynkit
