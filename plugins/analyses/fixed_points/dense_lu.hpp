// P A = L U with partial pivoting, for the matrices of a Newton iteration: dense, row-major, n from
// 1 to some hundreds, factored thousands of times.
//
// Right-looking, in panels of eight columns; the rest of the matrix is updated by blocks of four
// rows that stay in registers for the whole panel. Eigen's PartialPivLU, which packs its operands
// at these sizes too, takes about twice as long for n = 64 and 128; it is the oracle of the tests.
// Cost 2/3 n^3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace dynkit::fixed_points {

/// One set of buffers, used again and again by one thread.
class DenseLu {
 public:
  explicit DenseLu(std::int64_t n);

  /// A [n,n]. Where A is singular or not finite, `solve` gives what is not finite.
  void factor(std::span<const double> A);

  /// b becomes A^-1 b.
  void solve(std::span<double> b) const;
  /// b becomes A^-T b.
  void solve_transposed(std::span<double> b) const;

  /// Sign of det A: -1, 0 or 1.
  int determinant_sign() const;

 private:
  void factor_panel(std::size_t begin);
  void solve_panel_rows(std::size_t begin);
  void update_rest(std::size_t begin);
  void subtract_products(std::size_t begin, std::size_t from, std::size_t to) const;
  double* row(std::size_t i) { return matrix_.get() + i * stride_; }
  const double* row(std::size_t i) const { return matrix_.get() + i * stride_; }

  struct Free {
    void operator()(double* memory) const;
  };

  std::size_t n_;
  std::size_t width_;                       // n rounded up to whole panels
  std::size_t stride_;                      // from row to row
  std::unique_ptr<double[], Free> matrix_;  // L below the diagonal, U on and above it
  std::unique_ptr<double[], Free> work_;    // [width]
  std::vector<std::size_t> pivots_;         // row exchanged with row k at step k
};

}  // namespace dynkit::fixed_points
