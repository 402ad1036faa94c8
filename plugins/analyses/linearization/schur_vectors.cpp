#include "schur_vectors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dynkit::linearization {
namespace {

using Complex = std::complex<double>;
using Eigen::Index;

constexpr double kTooLarge = 1e100;

// The textbook quotient: divisors here are at least eps |T|, so std::complex's guards, which take
// several times as long, have nothing to guard.
Complex divide(Complex a, Complex b) {
  const double scale = 1.0 / (b.real() * b.real() + b.imag() * b.imag());
  return {(a.real() * b.real() + a.imag() * b.imag()) * scale,
          (a.imag() * b.real() - a.real() * b.imag()) * scale};
}

bool is_block(const Eigen::MatrixXd& T, Index k) {
  return k + 1 < T.rows() && T(k + 1, k) != 0.0;
}

// One eigenvector: the right-hand side that back substitution turns into the solution.
class Substitution {
 public:
  Substitution(const Eigen::MatrixXd& T, double smallest) : T_(T), smallest_(smallest) {}

  // Solves rows 0..last of (T - lambda) x = rhs, with rhs in re, im [n] (im NULL: all is real).
  void solve(Index last, Complex lambda, double* re, double* im) {
    for (Index j = last; j >= 0;) {
      const bool is_pair = j > 0 && T_(j, j - 1) != 0.0;
      const Index top = is_pair ? j - 1 : j;
      if (is_pair) {
        solve_block(top, lambda, re, im);
      } else {
        store(top, divide(get(top, re, im), divisor(T_(top, top) - lambda)), re, im);
      }
      rescale(top, re, im);
      for (Index i = top; i <= j; ++i) {
        subtract_column(i, top, re[i], re);
        if (im != nullptr) subtract_column(i, top, im[i], im);
      }
      j = top - 1;
    }
  }

 private:
  static Complex get(Index i, const double* re, const double* im) {
    return {re[i], im == nullptr ? 0.0 : im[i]};
  }

  static void store(Index i, Complex value, double* re, double* im) {
    re[i] = value.real();
    if (im != nullptr) im[i] = value.imag();
  }

  Complex divisor(Complex value) const {
    return std::abs(value.real()) + std::abs(value.imag()) < smallest_ ? Complex(smallest_) : value;
  }

  // [a-l b; c a-l] (x0, x1) = rhs with the larger of the first column's entries as pivot.
  void solve_block(Index k, Complex lambda, double* re, double* im) const {
    Complex p = T_(k, k) - lambda, q = T_(k, k + 1), r = T_(k + 1, k),
            s = T_(k + 1, k + 1) - lambda;
    Complex f = get(k, re, im), g = get(k + 1, re, im);
    if (std::norm(r) > std::norm(p)) {
      std::swap(p, r), std::swap(q, s), std::swap(f, g);
    }
    const Complex factor = divide(r, divisor(p));
    const Complex second = divide(g - factor * f, divisor(s - factor * q));
    store(k + 1, second, re, im);
    store(k, divide(f - q * second, divisor(p)), re, im);
  }

  // Repeated divisions by the smallest divisor would overflow.
  void rescale(Index top, double* re, double* im) const {
    double size = std::abs(re[top]);
    if (im != nullptr) size = std::max(size, std::abs(im[top]));
    if (size < kTooLarge) return;
    for (Index i = 0; i < T_.rows(); ++i) {
      re[i] /= size;
      if (im != nullptr) im[i] /= size;
    }
  }

  void subtract_column(Index column, Index count, double factor, double* __restrict x) const {
    const double* __restrict t = T_.data() + column * T_.rows();
    for (Index i = 0; i < count; ++i) x[i] -= factor * t[i];
  }

  const Eigen::MatrixXd& T_;
  double smallest_;
};

}  // namespace

void read_eigenvalues(const Eigen::MatrixXd& T, std::vector<Complex>& lambda) {
  for (Index k = 0; k < T.rows(); ++k) {
    if (is_block(T, k)) {
      const double b = std::sqrt(std::abs(T(k, k + 1))) * std::sqrt(std::abs(T(k + 1, k)));
      lambda[static_cast<std::size_t>(k)] = {T(k, k), b};
      lambda[static_cast<std::size_t>(k + 1)] = {T(k, k), -b};
      ++k;
    } else {
      lambda[static_cast<std::size_t>(k)] = T(k, k);
    }
  }
}

void find_schur_vectors(const Eigen::MatrixXd& T, const std::vector<Complex>& lambda,
                        Eigen::MatrixXd& X) {
  const Index n = T.rows();
  const double largest = T.cwiseAbs().maxCoeff();
  const double smallest = std::numeric_limits<double>::epsilon() * (largest > 0.0 ? largest : 1.0);
  Substitution substitution(T, smallest);
  X.setZero();
  for (Index k = 0; k < n; ++k) {
    const Complex value = lambda[static_cast<std::size_t>(k)];
    double* re = X.data() + k * n;
    if (!is_block(T, k)) {
      re[k] = 1.0;
      for (Index i = 0; i < k; ++i) re[i] = -T(i, k);
      substitution.solve(k - 1, value, re, nullptr);
      continue;
    }

    // (x_k, x_k+1) = (1, i w / b) or (-w / c, i): the one whose entries are at most 1.
    double* im = re + n;
    const double b = T(k, k + 1), c = T(k + 1, k);
    if (std::abs(b) >= std::abs(c)) {
      re[k] = 1.0;
      im[k + 1] = value.imag() / b;
    } else {
      re[k] = -value.imag() / c;
      im[k + 1] = 1.0;
    }
    for (Index i = 0; i < k; ++i) {
      re[i] = -re[k] * T(i, k);
      im[i] = -im[k + 1] * T(i, k + 1);
    }
    substitution.solve(k - 1, value, re, im);
    ++k;
  }
}

}  // namespace dynkit::linearization
