// Eigenvectors to known eigenvalues by inverse iteration with a fixed shift s next to lambda,
//
//     (J - s I) y' = y,     y = y' / |y'| (1)
//
// For a pair a +- ib, y = p + iq in real arithmetic: [J - a, b; -b, J - a] [p; q]. Eigenvalues that
// agree, as those of units that are alike, share a space: each vector is kept orthogonal to those
// before it, and counts only where it is an eigenvector still.
//
// G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013), section 7.6.1.
//
//   J [n,n]     N = n, or 2n for a pair     A [N,N] = J - s I     y [N]
#include "leading_directions.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "dense_lu.hpp"
#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

using Complex = std::complex<double>;
using Vector = std::vector<double>;

// Relative to the norm of J:
constexpr double kShift = 1e-10;    // s - lambda: A can be factored, (1) converges at once
constexpr double kSame = 1e-7;      // eigenvalues this close share a space
constexpr double kResidual = 1e-7;  // largest |A y| of an eigenvector
constexpr int kSteps = 4;

Vector shifted(std::span<const double> J, std::size_t n, Complex s) {
  const std::size_t blocks = s.imag() == 0 ? 1 : 2, N = blocks * n;
  Vector A(N * N);
  for (std::size_t at = 0; at < N; ++at) {
    const std::size_t block = at / n, i = at % n;
    std::copy_n(J.data() + i * n, n, A.data() + at * N + block * n);
    A[at * N + at] -= s.real();
    if (blocks == 2) A[at * N + (1 - block) * n + i] = block == 0 ? s.imag() : -s.imag();
  }
  return A;
}

// Any vector with a share in the one that is sought, another one for each `number`.
Vector start(std::size_t N, std::size_t number) {
  constexpr double kGolden = 0.6180339887498949;
  Vector y(N);
  for (std::size_t i = 0; i < N; ++i) {
    const double turns = kGolden * static_cast<double>((i + 1) * (number + 1));
    y[i] = turns - std::floor(turns) - 0.5;
  }
  return y;
}

void subtract_shares(Vector& y, const std::vector<Vector>& orthonormal) {
  for (const Vector& u : orthonormal) {
    const double share = dot(u, y);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] -= share * u[i];
  }
}

void normalize(std::span<double> y) {
  const double length = std::sqrt(square_norm(y));
  for (double& v : y) v /= length;
}

double residual(const Vector& A, const Vector& y) {
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double r = dot(std::span(A).subspan(i * y.size(), y.size()), y);
    sum += r * r;
  }
  return std::sqrt(sum);
}

// Unit vector y, orthogonal to `others`, with (J - lambda) y = 0; empty: there is none.
Vector eigenvector(std::span<const double> J, std::size_t n, Complex lambda, std::size_t number,
                   const std::vector<Vector>& others) {
  const double norm = row_norm(J, n);
  const Vector A = shifted(J, n, lambda + kShift * norm);
  DenseLu lu(static_cast<std::int64_t>(lambda.imag() == 0 ? n : 2 * n));
  lu.factor(A);
  Vector y = start(lambda.imag() == 0 ? n : 2 * n, number);
  for (int step = 0; step < kSteps; ++step) {
    lu.solve(y);
    normalize(y);
    subtract_shares(y, others);
    normalize(y);
  }
  return residual(A, y) <= kResidual * norm ? y : Vector();
}

// p + iq times the phase for which real and imaginary part are orthogonal; both of unit length.
void turn(Vector& y) {
  const std::size_t n = y.size() / 2;
  const auto p = std::span(y).first(n), q = std::span(y).last(n);
  const double phase = 0.5 * std::atan2(-2 * dot(p, q), square_norm(p) - square_norm(q));
  for (std::size_t i = 0; i < n; ++i) {
    const Complex turned = std::polar(1.0, phase) * Complex(p[i], q[i]);
    p[i] = turned.real();
    q[i] = turned.imag();
  }
  normalize(p);
  normalize(q);
}

// i (p + iq) = -q + ip
Vector times_i(const Vector& y) {
  const auto n = static_cast<std::ptrdiff_t>(y.size() / 2);
  Vector result(y.size());
  std::transform(y.begin() + n, y.end(), result.begin(), std::negate());
  std::copy(y.begin(), y.begin() + n, result.begin() + n);
  return result;
}

}  // namespace

std::vector<double> leading_directions(std::span<const double> J,
                                       const std::vector<Complex>& eigenvalues) {
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(J.size()))));
  const double norm = row_norm(J, n);
  std::vector<std::pair<Complex, Vector>> found;
  Vector directions;
  for (std::size_t k = 0; k < eigenvalues.size(); ++k) {
    const Complex lambda = eigenvalues[k];
    const bool is_real = lambda.imag() == 0;
    if (directions.size() / n + (is_real ? 1 : 2) > kMostDirections) break;
    std::vector<Vector> others;  // orthonormal
    for (const auto& [value, y] : found) {
      const bool is_other = std::abs(value - lambda) > kSame * norm;
      if (is_other || (value.imag() == 0) != is_real) continue;
      others.push_back(y);
      if (!is_real) others.push_back(times_i(y));
    }
    Vector y = eigenvector(J, n, lambda, k, others);
    if (y.empty()) continue;
    found.emplace_back(lambda, y);
    if (!is_real) turn(y);
    directions.insert(directions.end(), y.begin(), y.end());
  }
  return directions;
}

}  // namespace dynkit::fixed_points
