#include "dense_lu.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace dynkit::fixed_points {

namespace {

// GCC's and Clang's vectors, of the width that the instruction set has: wider ones would be taken
// apart element by element.
#if defined(__AVX512F__)
constexpr std::size_t kLanes = 8;
#elif defined(__AVX__)
constexpr std::size_t kLanes = 4;
#else
constexpr std::size_t kLanes = 2;
#endif
typedef double Vector __attribute__((vector_size(kLanes * sizeof(double)), may_alias));

constexpr std::size_t kPanel = 8;  // columns; whole vectors of every width
constexpr std::size_t kAlignment = kPanel * sizeof(double);

Vector& vector_at(double* p) {
  return *reinterpret_cast<Vector*>(p);
}
const Vector& vector_at(const double* p) {
  return *reinterpret_cast<const Vector*>(p);
}

double sum(const Vector& v) {
  double total = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) total += v[lane];
  return total;
}

// A [R, W vectors] -= L U, L [R,8] of the panel, U [8, W vectors].
template <std::size_t R, std::size_t W>
inline void update_block(double* A, const double* L, const double* U, std::size_t stride) {
  Vector rest[R][W];
  for (std::size_t i = 0; i < R; ++i) {
    for (std::size_t w = 0; w < W; ++w) rest[i][w] = vector_at(A + i * stride + w * kLanes);
  }
  for (std::size_t k = 0; k < kPanel; ++k) {
    for (std::size_t w = 0; w < W; ++w) {
      const Vector u = vector_at(U + k * stride + w * kLanes);
      for (std::size_t i = 0; i < R; ++i) rest[i][w] -= L[i * stride + k] * u;
    }
  }
  for (std::size_t i = 0; i < R; ++i) {
    for (std::size_t w = 0; w < W; ++w) vector_at(A + i * stride + w * kLanes) = rest[i][w];
  }
}

template <std::size_t R>
inline void update_rows(double* A, const double* L, const double* U, std::size_t stride,
                        std::size_t columns) {
  std::size_t j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) update_block<R, 2>(A + j, L, U + j, stride);
  for (; j < columns; j += kLanes) update_block<R, 1>(A + j, L, U + j, stride);
}

}  // namespace

void DenseLu::Free::operator()(double* memory) const {
  std::free(memory);
}

// One spare panel a row keeps rows from starting a multiple of 4096 bytes apart, in one cache set.
DenseLu::DenseLu(std::int64_t n)
    : n_(static_cast<std::size_t>(n)),
      width_((n_ + kPanel - 1) / kPanel * kPanel),
      stride_(width_ + kPanel),
      pivots_(n_) {
  const std::size_t bytes = width_ * stride_ * sizeof(double);
  matrix_.reset(static_cast<double*>(std::aligned_alloc(kAlignment, bytes)));
  work_.reset(static_cast<double*>(std::aligned_alloc(kAlignment, width_ * sizeof(double))));
  if (matrix_ == nullptr || work_ == nullptr) throw std::bad_alloc();
  std::memset(matrix_.get(), 0, bytes);
}

void DenseLu::factor(std::span<const double> A) {
  for (std::size_t i = 0; i < n_; ++i) std::memcpy(row(i), &A[i * n_], n_ * sizeof(double));
  for (std::size_t begin = 0; begin < n_; begin += kPanel) {
    factor_panel(begin);
    if (begin + kPanel >= n_) break;
    solve_panel_rows(begin);
    update_rest(begin);
  }
}

// Eliminates within the panel's columns, exchanging whole rows. Columns past the last hold zeros
// throughout.
void DenseLu::factor_panel(std::size_t begin) {
  constexpr std::size_t kWidth = kPanel / kLanes;
  const std::size_t end = std::min(begin + kPanel, n_);
  for (std::size_t k = begin; k < end; ++k) {
    std::size_t pivot = k;
    double largest = std::abs(row(k)[k]);
    for (std::size_t i = k + 1; i < n_; ++i) {
      const double size = std::abs(row(i)[k]);
      if (size > largest) {
        largest = size;
        pivot = i;
      }
    }
    pivots_[k] = pivot;
    if (pivot != k) std::swap_ranges(row(k), row(k) + width_, row(pivot));

    // The pivot row right of k and zeros elsewhere, so that one product serves all lanes.
    alignas(kAlignment) double right[kPanel] = {};
    std::copy(row(k) + k + 1, row(k) + begin + kPanel, right + (k + 1 - begin));
    const double inverse = 1 / row(k)[k];
    for (std::size_t i = k + 1; i < n_; ++i) {
      const double factor = row(i)[k] * inverse;
      for (std::size_t w = 0; w < kWidth; ++w) {
        vector_at(row(i) + begin + w * kLanes) -= factor * vector_at(right + w * kLanes);
      }
      row(i)[k] = factor;
    }
  }
}

// The panel's rows right of it: U = L^-1 A, L the unit triangle of the panel.
void DenseLu::solve_panel_rows(std::size_t begin) {
  for (std::size_t j = begin + kPanel; j < width_; j += kLanes) {
    Vector u[kPanel];
    for (std::size_t k = 0; k < kPanel; ++k) {
      u[k] = vector_at(row(begin + k) + j);
      for (std::size_t t = 0; t < k; ++t) u[k] -= row(begin + k)[begin + t] * u[t];
      vector_at(row(begin + k) + j) = u[k];
    }
  }
}

void DenseLu::update_rest(std::size_t begin) {
  constexpr std::size_t kRows = 4;
  const std::size_t first = begin + kPanel;
  const double* U = row(begin) + first;
  std::size_t i = first;
  for (; i + kRows <= n_; i += kRows) {
    update_rows<kRows>(row(i) + first, row(i) + begin, U, stride_, width_ - first);
  }
  for (; i < n_; ++i) update_rows<1>(row(i) + first, row(i) + begin, U, stride_, width_ - first);
}

// work[begin .. begin + 8) -= matrix[those rows, from .. to) work[from .. to). The eight sums do
// not wait for each other; row by row, a substitution is all latency.
void DenseLu::subtract_products(std::size_t begin, std::size_t from, std::size_t to) const {
  Vector sums[kPanel] = {};
  for (std::size_t j = from; j < to; j += kLanes) {
    const Vector v = vector_at(work_.get() + j);
    for (std::size_t k = 0; k < kPanel; ++k) sums[k] += vector_at(row(begin + k) + j) * v;
  }
  for (std::size_t k = 0; k < kPanel; ++k) work_[begin + k] -= sum(sums[k]);
}

void DenseLu::solve(std::span<double> b) const {
  double* const x = work_.get();
  std::copy(b.begin(), b.end(), x);
  std::fill(x + n_, x + width_, 0.0);
  for (std::size_t k = 0; k < n_; ++k) std::swap(x[k], x[pivots_[k]]);
  for (std::size_t begin = 0; begin < width_; begin += kPanel) {
    subtract_products(begin, 0, begin);
    for (std::size_t i = begin + 1; i < std::min(begin + kPanel, n_); ++i) {
      for (std::size_t j = begin; j < i; ++j) x[i] -= row(i)[j] * x[j];
    }
  }
  for (std::size_t begin = width_; begin > 0;) {
    begin -= kPanel;
    subtract_products(begin, begin + kPanel, width_);
    for (std::size_t i = std::min(begin + kPanel, n_); i-- > begin;) {
      for (std::size_t j = i + 1; j < std::min(begin + kPanel, n_); ++j) x[i] -= row(i)[j] * x[j];
      x[i] /= row(i)[i];
    }
  }
  std::copy(x, x + n_, b.begin());
}

// U^T y = b, L^T z = y, x = P^T z: what is solved is taken off the rest, by rows of U and L.
void DenseLu::solve_transposed(std::span<double> b) const {
  for (std::size_t i = 0; i < n_; ++i) {
    b[i] /= row(i)[i];
    for (std::size_t j = i + 1; j < n_; ++j) b[j] -= row(i)[j] * b[i];
  }
  for (std::size_t i = n_; i-- > 0;) {
    for (std::size_t j = 0; j < i; ++j) b[j] -= row(i)[j] * b[i];
  }
  for (std::size_t k = n_; k-- > 0;) std::swap(b[k], b[pivots_[k]]);
}

int DenseLu::determinant_sign() const {
  int sign = 1;
  for (std::size_t k = 0; k < n_; ++k) {
    const double pivot = row(k)[k];
    if (!(pivot < 0 || pivot > 0)) return 0;
    if ((pivot < 0) != (pivots_[k] != k)) sign = -sign;
  }
  return sign;
}

}  // namespace dynkit::fixed_points
