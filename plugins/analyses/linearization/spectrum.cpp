#include "spectrum.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "real_schur.hpp"
#include "schur_vectors.hpp"

namespace dynkit::linearization {
namespace {

using Complex = std::complex<double>;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kUlp = std::numeric_limits<double>::epsilon();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Below this share of the norm, balancing pays and (2) does not cancel as a difference.
constexpr double kBalanceGain = 0.25;

std::size_t at(Index i) {
  return static_cast<std::size_t>(i);
}

// A <- D^-1 A D with powers of two in D, so that row i and column i have norms within a factor 2.
void balance(MatrixXd& A, VectorXd& D) {
  D.setOnes();
  const VectorXd diagonal = A.diagonal();
  A.diagonal().setZero();
  const int sweeps = 50;
  bool is_done = false;
  for (int sweep = 0; sweep < sweeps && !is_done; ++sweep) {
    is_done = true;
    for (Index i = 0; i < A.rows(); ++i) {
      double column = A.col(i).norm(), row = A.row(i).norm();
      if (column == 0.0 || row == 0.0) continue;
      const double sum = column + row;
      double factor = 1.0;
      while (column < row / 2.0) column *= 2.0, row /= 2.0, factor *= 2.0;
      while (column >= row * 2.0) column /= 2.0, row *= 2.0, factor /= 2.0;
      if (column + row >= 0.95 * sum) continue;
      is_done = false;
      D(i) *= factor;
      A.col(i) *= factor;
      A.row(i) /= factor;
    }
  }
  A.diagonal() = diagonal;
}

// (2) of a quasi-triangular matrix: a 2x2 block with a pair has det = |lambda|^2.
double departure_of(const MatrixXd& T) {
  double sum = 0.0;
  for (Index j = 1; j < T.cols(); ++j) {
    const bool is_block = T(j, j - 1) != 0.0;
    sum += T.col(j).head(is_block ? j - 1 : j).squaredNorm();
    if (is_block) {
      const double difference = T(j - 1, j - 1) - T(j, j), skew = T(j - 1, j) + T(j, j - 1);
      sum += difference * difference + skew * skew;
    }
  }
  return std::sqrt(sum);
}

// Largest eigenvalue of a symmetric tridiagonal matrix, d on and e beside the diagonal, by
// bisection: x is above it where all pivots of T - x are negative.
double largest_eigenvalue(const VectorXd& d, const VectorXd& e) {
  const Index n = d.size();
  double low = d.maxCoeff(), high = low;
  for (Index i = 0; i < n; ++i) {
    const double radius = (i > 0 ? std::abs(e(i - 1)) : 0.0) + (i + 1 < n ? std::abs(e(i)) : 0.0);
    high = std::max(high, d(i) + radius);
  }
  while (high - low > 4.0 * kUlp * std::abs(high)) {
    const double x = low + 0.5 * (high - low);
    double pivot = d(0) - x;
    for (Index i = 1; i < n && pivot < 0.0; ++i) pivot = d(i) - x - e(i - 1) * e(i - 1) / pivot;
    (pivot < 0.0 ? high : low) = x;
  }
  return high;
}

// Largest singular value. A whole symmetric eigenproblem for it would be a fifth of all the time.
double norm2(const MatrixXd& A, MatrixXd& gram) {
  gram.noalias() = A.transpose() * A;
  if (gram.rows() == 1) return std::sqrt(gram(0, 0));
  const Eigen::Tridiagonalization<MatrixXd> tridiagonal(gram);
  return std::sqrt(largest_eigenvalue(tridiagonal.diagonal(), tridiagonal.subDiagonal()));
}

}  // namespace

struct SpectrumSolver::Workspace {
  Workspace(Index size, Order by) : n(size), order(by), D(size) {
    for (MatrixXd* matrix : {&J, &A, &Z, &X, &V, &W, &gram}) matrix->resize(n, n);
    lambda.resize(at(n));
    columns.resize(at(n));
    D.setOnes();
  }

  bool reduce(SpectrumNumbers& numbers);
  void find_right();
  bool invert(SpectrumNumbers& numbers);
  void find_left_alone();
  void sort_columns();
  void write(const SpectrumOutput& output) const;
  void write_left(const SpectrumOutput& output, bool is_biorthogonal);

  bool is_first_of_pair(Index k) const { return lambda[at(k)].imag() > 0.0; }
  double key(Index k) const {
    return order == Order::by_modulus ? std::abs(lambda[at(k)]) : lambda[at(k)].real();
  }

  Index n;
  Order order;
  double scale = 1.0;  // J = scale * A before anything else
  MatrixXd J;          // scaled
  MatrixXd A, Z;       // Schur form
  MatrixXd X;          // its vectors
  MatrixXd V, W;       // right and left vectors: a pair fills two columns, sqrt(2) (Re, Im)
  MatrixXd gram;
  VectorXd D;
  std::vector<Complex> lambda;
  std::vector<Index> columns;  // order in which eigenvalues are put
  Eigen::PartialPivLU<MatrixXd> lu;
};

// A = Z T Z^T of the scaled, possibly balanced matrix, its eigenvalues, and (2).
bool SpectrumSolver::Workspace::reduce(SpectrumNumbers& numbers) {
  A = J;
  D.setOnes();
  balance(A, D);
  const bool is_balanced = A.norm() < kBalanceGain * J.norm();
  if (!is_balanced) {
    A = J;
    D.setOnes();
  }
  const Eigen::HessenbergDecomposition<MatrixXd> hessenberg(A);
  A = hessenberg.matrixH();
  Z = hessenberg.matrixQ();
  if (!reduce_to_schur(A, Z, X)) return false;
  read_eigenvalues(A, lambda);

  double squares = 0.0;
  for (const Complex& value : lambda) squares += std::norm(value);
  const double departure =
      is_balanced ? std::sqrt(std::max(J.squaredNorm() - squares, 0.0)) : departure_of(A);
  numbers.departure = departure * scale;
  return true;
}

// V = D Z X with unit vectors whose largest entry is real and positive.
void SpectrumSolver::Workspace::find_right() {
  find_schur_vectors(A, lambda, X);
  V.noalias() = Z * X;
  V = D.asDiagonal() * V;
  for (Index k = 0; k < n; ++k) {
    Index largest = 0;
    if (!is_first_of_pair(k)) {
      V.col(k).cwiseAbs().maxCoeff(&largest);
      V.col(k) *= std::copysign(1.0, V(largest, k)) / V.col(k).norm();
      continue;
    }
    auto re = V.col(k), im = V.col(k + 1);
    const double size = std::sqrt(re.squaredNorm() + im.squaredNorm());
    (re.array().square() + im.array().square()).maxCoeff(&largest);
    const Complex top(re(largest), im(largest));
    const Complex turn = std::conj(top) / std::abs(top) * (std::sqrt(2.0) / size);
    for (Index i = 0; i < n; ++i) {
      const Complex value = Complex(re(i), im(i)) * turn;
      re(i) = value.real();
      im(i) = i == largest ? 0.0 : value.imag();
    }
    ++k;
  }
}

// W = V^-T and kappa(V) = kappa(R), since R = V U with a unitary U. False: V is singular.
bool SpectrumSolver::Workspace::invert(SpectrumNumbers& numbers) {
  lu.compute(V);
  W = lu.inverse();
  W.transposeInPlace();
  if (W.allFinite()) numbers.condition = norm2(V, gram) * norm2(W, gram);
  const bool is_regular = W.allFinite() && numbers.condition * kUlp * static_cast<double>(n) < 1.0;
  if (!is_regular) numbers.condition = kInfinity;
  return is_regular;
}

// Left vectors without an inverse: those of T are the right ones of T^T, which reversed rows and
// columns bring back to quasi-triangular form.
void SpectrumSolver::Workspace::find_left_alone() {
  const MatrixXd T = A.transpose().reverse();
  std::vector<Complex> reversed(at(n));
  read_eigenvalues(T, reversed);
  find_schur_vectors(T, reversed, X);
  const MatrixXd Y = X.reverse();
  W.noalias() = Z * Y;
  W = D.cwiseInverse().asDiagonal() * W;
  // A pair's columns came reversed, (Im, Re), of y with y^T T = lambda y^T; l is conj(y).
  for (Index k = 0; k < n; ++k) {
    if (!is_first_of_pair(k)) continue;
    W.col(k).swap(W.col(k + 1));
    W.col(k + 1) *= -1.0;
    ++k;
  }
}

// Largest key first, pairs together; keys that are equal to rounding count as equal, and then the
// larger imaginary part is first, then the larger real part.
void SpectrumSolver::Workspace::sort_columns() {
  std::vector<Index> heads;
  for (Index k = 0; k < n; ++k) {
    if (lambda[at(k)].imag() >= 0.0) heads.push_back(k);
  }
  std::stable_sort(heads.begin(), heads.end(), [&](Index a, Index b) { return key(a) > key(b); });
  const double tie = 64.0 * static_cast<double>(n) * kUlp * A.norm();
  for (std::size_t begin = 0; begin < heads.size();) {
    std::size_t end = begin + 1;
    while (end < heads.size() && key(heads[end - 1]) - key(heads[end]) <= tie) ++end;
    std::stable_sort(heads.begin() + static_cast<std::ptrdiff_t>(begin),
                     heads.begin() + static_cast<std::ptrdiff_t>(end), [&](Index a, Index b) {
                       const Complex x = lambda[at(a)], y = lambda[at(b)];
                       if (std::abs(x.imag() - y.imag()) > tie) return x.imag() > y.imag();
                       return x.real() > y.real();
                     });
    begin = end;
  }
  std::size_t put = 0;
  for (const Index head : heads) {
    columns[put++] = head;
    if (is_first_of_pair(head)) columns[put++] = head + 1;
  }
}

// Eigenvalues, right vectors and residuals, in order.
void SpectrumSolver::Workspace::write(const SpectrumOutput& output) const {
  const double half = std::sqrt(0.5);
  const MatrixXd JV = J * V;
  for (Index i = 0; i < n; ++i) {
    const Index k = columns[at(i)];
    const Complex value = lambda[at(k)];
    output.eigenvalues[i] = value * scale;
    if (value.imag() == 0.0) {
      output.residual[i] = (JV.col(k) - value.real() * V.col(k)).norm() * scale;
      for (Index row = 0; row < n; ++row) output.right[row * n + i] = V(row, k);
      continue;
    }
    const Index first = value.imag() > 0.0 ? k : k - 1;
    const double a = value.real(), b = std::abs(value.imag());
    const double re = (JV.col(first) - a * V.col(first) + b * V.col(first + 1)).squaredNorm();
    const double im = (JV.col(first + 1) - a * V.col(first + 1) - b * V.col(first)).squaredNorm();
    output.residual[i] = std::sqrt(0.5 * (re + im)) * scale;
    const double sign = std::copysign(half, value.imag());
    for (Index row = 0; row < n; ++row) {
      output.right[row * n + i] = {half * V(row, first), sign * V(row, first + 1)};
    }
  }
}

// Left vectors and conditions. Vectors that did not come from an inverse are scaled one by one.
void SpectrumSolver::Workspace::write_left(const SpectrumOutput& output, bool is_biorthogonal) {
  const double half = std::sqrt(0.5);
  for (Index i = 0; i < n; ++i) {
    const Index k = columns[at(i)];
    const double imaginary = lambda[at(k)].imag();
    const Index first = imaginary < 0.0 ? k - 1 : k;
    double size = 0.0;
    Complex overlap = 0.0;
    for (Index row = 0; row < n; ++row) {
      Complex& l = output.left[row * n + i];
      l = imaginary == 0.0
              ? Complex(W(row, k))
              : Complex(half * W(row, first), std::copysign(half, imaginary) * W(row, first + 1));
      size += std::norm(l);
      overlap += std::conj(l) * output.right[row * n + i];
    }
    size = std::sqrt(size);
    output.eigenvalue_condition[i] = size;
    if (is_biorthogonal) continue;
    const bool is_defective = std::abs(overlap) <= static_cast<double>(n) * 4.0 * kUlp * size;
    const Complex factor = is_defective ? Complex(1.0 / size) : 1.0 / std::conj(overlap);
    output.eigenvalue_condition[i] = is_defective ? kInfinity : size / std::abs(overlap);
    for (Index row = 0; row < n; ++row) output.left[row * n + i] *= factor;
  }
}

SpectrumSolver::SpectrumSolver(std::int64_t n, Order order)
    : work_(std::make_unique<Workspace>(n, order)) {}
SpectrumSolver::~SpectrumSolver() = default;
SpectrumSolver::SpectrumSolver(SpectrumSolver&&) noexcept = default;

bool SpectrumSolver::solve(const double* J, const SpectrumOutput& output,
                           SpectrumNumbers& numbers) {
  Workspace& work = *work_;
  const Index n = work.n;
  work.J = Eigen::Map<const RowMajor>(J, n, n);
  // A power of two brings the largest entry near 1 without rounding.
  const double largest = work.J.cwiseAbs().maxCoeff();
  bool is_solved = work.J.allFinite();
  if (is_solved) {
    work.scale = largest > 0.0 ? std::ldexp(1.0, std::ilogb(largest)) : 1.0;
    work.J /= work.scale;
    numbers.frobenius = work.J.norm() * work.scale;
    is_solved = work.reduce(numbers);
  }
  if (!is_solved) {
    numbers = {kNan, kNan, kNan};
    std::fill_n(output.eigenvalues, n, Complex(kNan, kNan));
    std::fill_n(output.right, n * n, Complex(kNan, kNan));
    std::fill_n(output.left, n * n, Complex(kNan, kNan));
    std::fill_n(output.eigenvalue_condition, n, kNan);
    std::fill_n(output.residual, n, kNan);
    return false;
  }
  work.find_right();
  const bool is_regular = work.invert(numbers);
  if (!is_regular) work.find_left_alone();
  work.sort_columns();
  work.write(output);
  work.write_left(output, is_regular);
  return true;
}

}  // namespace dynkit::linearization
