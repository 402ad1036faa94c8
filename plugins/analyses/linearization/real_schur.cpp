#include "real_schur.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dynkit::linearization {
namespace {

using Index = Eigen::Index;

constexpr double kUlp = std::numeric_limits<double>::epsilon();

// I - tau v v^T with v = (1, v1, v2), which maps what it was made from to (beta, 0, 0).
struct Reflector {
  double v1 = 0.0, v2 = 0.0, tau = 0.0, beta = 0.0;
};

// No hypot: it takes a third of the whole time. The matrix is scaled, so squares do not overflow,
// and what underflows is zero beside its norm.
Reflector make_reflector(double x0, double x1, double x2) {
  const double tail = x1 * x1 + x2 * x2;
  if (tail == 0.0) return {0.0, 0.0, 0.0, x0};
  const double beta = -std::copysign(std::sqrt(x0 * x0 + tail), x0);
  const double scale = 1.0 / (x0 - beta);
  return {x1 * scale, x2 * scale, (beta - x0) / beta, beta};
}

// Columns a, b, c <- columns (I - tau v v^T), `count` rows.
void reflect_columns(const Reflector& r, Index count, double* __restrict a, double* __restrict b,
                     double* __restrict c) {
  const double t1 = r.tau * r.v1, t2 = r.tau * r.v2;
  for (Index i = 0; i < count; ++i) {
    const double sum = a[i] + r.v1 * b[i] + r.v2 * c[i];
    a[i] -= sum * r.tau;
    b[i] -= sum * t1;
    c[i] -= sum * t2;
  }
}

void reflect_columns(const Reflector& r, Index count, double* __restrict a, double* __restrict b) {
  const double t1 = r.tau * r.v1;
  for (Index i = 0; i < count; ++i) {
    const double sum = a[i] + r.v1 * b[i];
    a[i] -= sum * r.tau;
    b[i] -= sum * t1;
  }
}

// Rows 0..2 of `count` columns that begin at `top` <- (I - tau v v^T) rows.
void reflect_rows3(const Reflector& r, Index count, Index stride, double* top) {
  const double t1 = r.tau * r.v1, t2 = r.tau * r.v2;
  for (Index j = 0; j < count; ++j, top += stride) {
    const double sum = top[0] + r.v1 * top[1] + r.v2 * top[2];
    top[0] -= sum * r.tau;
    top[1] -= sum * t1;
    top[2] -= sum * t2;
  }
}

void reflect_rows2(const Reflector& r, Index count, Index stride, double* top) {
  const double t1 = r.tau * r.v1;
  for (Index j = 0; j < count; ++j, top += stride) {
    const double sum = top[0] + r.v1 * top[1];
    top[0] -= sum * r.tau;
    top[1] -= sum * t1;
  }
}

struct Shifts {
  double re1 = 0.0, im1 = 0.0, re2 = 0.0, im2 = 0.0;
};

// The QR iteration on one matrix; indices count from 0.
//
// Columns that have left the active window only see reflections of their rows. They are kept
// transposed, in `right_`, where those are reflections of columns, contiguous in memory.
class Iteration {
 public:
  Iteration(Eigen::MatrixXd& H, Eigen::MatrixXd& Z, Eigen::MatrixXd& right)
      : H_(H),
        Z_(Z),
        right_(right),
        n_(H.rows()),
        small_(std::numeric_limits<double>::min() * (static_cast<double>(H.rows()) / kUlp)) {}

  bool run() {
    const int limit = 30 * static_cast<int>(std::max<Index>(10, n_));
    int steps = 0;
    Index last = n_ - 1;
    int tries = 0;
    while (last >= 0) {
      const Index first = find_deflation(last);
      if (first > 0) H_(first, first - 1) = 0.0;
      if (first >= last - 1) {
        if (first == last - 1) standardize(first);
        move_right(first, last);
        last = first - 1;
        tries = 0;
        continue;
      }
      if (++steps > limit) return false;
      step(first, last, choose_shifts(first, last, tries++));
    }
    move_back();
    return true;
  }

 private:
  double diagonal_size(Index k) const {
    double size = std::abs(H_(k - 1, k - 1)) + std::abs(H_(k, k));
    if (size == 0.0) {
      if (k >= 2) size += std::abs(H_(k - 1, k - 2));
      if (k + 1 < n_) size += std::abs(H_(k + 1, k));
    }
    return size;
  }

  // Largest k <= last with a negligible H(k, k-1), or 0: the criterion of Ahues and Tisseur.
  Index find_deflation(Index last) const {
    Index k = last;
    for (; k > 0; --k) {
      const double sub = std::abs(H_(k, k - 1));
      if (sub <= small_) break;
      if (sub > kUlp * diagonal_size(k)) continue;
      const double super = std::abs(H_(k - 1, k));
      const double corner = std::abs(H_(k, k));
      const double gap = std::abs(H_(k - 1, k - 1) - H_(k, k));
      const double ab = std::max(sub, super), ba = std::min(sub, super);
      const double aa = std::max(corner, gap), bb = std::min(corner, gap);
      const double s = aa + ab;
      if (ba * (ab / s) <= std::max(small_, kUlp * (bb * (aa / s)))) break;
    }
    return k;
  }

  // Eigenvalues of the trailing 2x2 block, the better one twice where they are real; now and then
  // something else, to leave a cycle.
  Shifts choose_shifts(Index first, Index last, int tries) const {
    double h11 = H_(last - 1, last - 1), h12 = H_(last - 1, last);
    double h21 = H_(last, last - 1), h22 = H_(last, last);
    if (tries % 20 == 10 || (tries > 0 && tries % 20 == 0)) {
      const bool at_top = tries % 20 == 10;
      const Index row = at_top ? first + 1 : last;
      const double next = at_top ? H_(first + 2, first + 1) : H_(last - 1, last - 2);
      const double s = std::abs(H_(row, row - 1)) + std::abs(next);
      h11 = h22 = 0.75 * s + (at_top ? H_(first, first) : H_(last, last));
      h12 = -0.4375 * s;
      h21 = s;
    }
    const double s = std::abs(h11) + std::abs(h12) + std::abs(h21) + std::abs(h22);
    if (s == 0.0) return {};
    h11 /= s, h12 /= s, h21 /= s, h22 /= s;
    const double mean = (h11 + h22) / 2.0;
    const double det = (h11 - mean) * (h22 - mean) - h12 * h21;
    const double root = std::sqrt(std::abs(det));
    if (det >= 0.0) return {mean * s, root * s, mean * s, -root * s};
    const bool is_plus = std::abs(mean + root - h22) <= std::abs(mean - root - h22);
    const double real = s * (is_plus ? mean + root : mean - root);
    return {real, 0.0, real, 0.0};
  }

  // First column of (H - s1)(H - s2) of the block that begins at m, scaled.
  void start_vector(Index m, const Shifts& z, double v[3]) const {
    const double scale = std::abs(H_(m, m) - z.re2) + std::abs(z.im2) + std::abs(H_(m + 1, m));
    const double sub = H_(m + 1, m) / scale;
    v[0] = sub * H_(m, m + 1) + (H_(m, m) - z.re1) * ((H_(m, m) - z.re2) / scale) -
           z.im1 * (z.im2 / scale);
    v[1] = sub * (H_(m, m) + H_(m + 1, m + 1) - z.re1 - z.re2);
    v[2] = sub * H_(m + 2, m + 1);
    const double size = std::abs(v[0]) + std::abs(v[1]) + std::abs(v[2]);
    for (int i = 0; i < 3; ++i) v[i] /= size;
  }

  // One double-shift sweep over rows and columns first..last.
  void step(Index first, Index last, const Shifts& shifts) {
    // Two small subdiagonals in a row allow to begin below the first row.
    double v[3];
    Index m = last - 2;
    for (;; --m) {
      start_vector(m, shifts, v);
      if (m == first) break;
      const double size =
          std::abs(H_(m - 1, m - 1)) + std::abs(H_(m, m)) + std::abs(H_(m + 1, m + 1));
      const double coupling = std::abs(H_(m, m - 1)) * (std::abs(v[1]) + std::abs(v[2]));
      if (coupling <= kUlp * std::abs(v[0]) * size) break;
    }

    for (Index k = m; k < last; ++k) {
      const bool is_triple = k < last - 1;
      if (k > m) {
        v[0] = H_(k, k - 1);
        v[1] = H_(k + 1, k - 1);
        v[2] = is_triple ? H_(k + 2, k - 1) : 0.0;
      } else if (!is_triple) {
        v[2] = 0.0;
      }
      const Reflector r = make_reflector(v[0], v[1], v[2]);
      if (k > m) {
        H_(k, k - 1) = r.beta;
        H_(k + 1, k - 1) = 0.0;
        if (is_triple) H_(k + 2, k - 1) = 0.0;
      } else if (m > first) {
        H_(k, k - 1) *= 1.0 - r.tau;
      }
      apply(r, k, last, is_triple);
    }
  }

  void apply(const Reflector& r, Index k, Index last, bool is_triple) {
    const Index rows = std::min(k + 3, last) + 1;
    double* h = H_.data();
    double* z = Z_.data();
    double* right = right_.data() + last + 1;
    if (is_triple) {
      reflect_rows3(r, last + 1 - k, n_, h + k + k * n_);
      reflect_columns(r, n_ - 1 - last, right + k * n_, right + (k + 1) * n_, right + (k + 2) * n_);
      reflect_columns(r, rows, h + k * n_, h + (k + 1) * n_, h + (k + 2) * n_);
      reflect_columns(r, n_, z + k * n_, z + (k + 1) * n_, z + (k + 2) * n_);
    } else {
      reflect_rows2(r, last + 1 - k, n_, h + k + k * n_);
      reflect_columns(r, n_ - 1 - last, right + k * n_, right + (k + 1) * n_);
      reflect_columns(r, rows, h + k * n_, h + (k + 1) * n_);
      reflect_columns(r, n_, z + k * n_, z + (k + 1) * n_);
    }
  }

  void standardize(Index k);

  // Columns first..last leave the window.
  void move_right(Index first, Index last) {
    for (Index j = first; j <= last; ++j) {
      for (Index i = 0; i < j; ++i) right_(j, i) = H_(i, j);
    }
  }

  void move_back() {
    for (Index j = 1; j < n_; ++j) {
      for (Index i = 0; i < j; ++i) H_(i, j) = right_(j, i);
    }
  }

  Eigen::MatrixXd& H_;
  Eigen::MatrixXd& Z_;
  Eigen::MatrixXd& right_;
  Index n_;
  double small_;
};

// A rotation (c s; -s c) that brings a 2x2 block to standard form, and that form.
struct Standard {
  double a, b, c, d, cosine, sine;
};

// [a b; c d] with equal diagonal, or upper triangular where the eigenvalues are real.
Standard make_standard(double a, double b, double c, double d) {
  if (c == 0.0) return {a, b, c, d, 1.0, 0.0};
  if (b == 0.0) return {d, -c, 0.0, a, 0.0, 1.0};
  if (a == d && (b < 0.0) != (c < 0.0)) return {a, b, c, d, 1.0, 0.0};

  const double p = 0.5 * (a - d);
  const double largest = std::max(std::abs(b), std::abs(c));
  const double signs = std::copysign(1.0, b) * std::copysign(1.0, c);
  const double smallest = std::min(std::abs(b), std::abs(c)) * signs;
  const double scale = std::max(std::abs(p), largest);
  double z = p / scale * p + largest / scale * smallest;
  if (z >= 4.0 * kUlp) {
    // Real eigenvalues: c becomes 0.
    z = p + std::copysign(std::sqrt(scale) * std::sqrt(z), p);
    const double tau = std::hypot(c, z);
    return {d + z, b - c, 0.0, d - largest / z * smallest, z / tau, c / tau};
  }

  // A pair, or real eigenvalues that are almost equal: the diagonal becomes equal.
  const double sigma = b + c;
  const double tau = std::hypot(sigma, a - d);
  double cosine = std::sqrt(0.5 * (1.0 + std::abs(sigma) / tau));
  double sine = -(p / (tau * cosine)) * std::copysign(1.0, sigma);
  const double aa = a * cosine + b * sine, bb = -a * sine + b * cosine;
  const double cc = c * cosine + d * sine, dd = -c * sine + d * cosine;
  a = aa * cosine + cc * sine, b = bb * cosine + dd * sine;
  c = -aa * sine + cc * cosine, d = -bb * sine + dd * cosine;
  const double mean = 0.5 * (a + d);
  a = d = mean;
  if (c == 0.0 || (b != 0.0 && (b < 0.0) != (c < 0.0))) return {a, b, c, d, cosine, sine};
  if (b == 0.0) return {a, -c, 0.0, d, -sine, cosine};

  // Real after all: one more rotation makes c zero.
  const double root_b = std::sqrt(std::abs(b)), root_c = std::sqrt(std::abs(c));
  const double shift = std::copysign(root_b * root_c, c);
  const double norm = 1.0 / std::sqrt(std::abs(b + c));
  const double cosine2 = root_b * norm, sine2 = root_c * norm;
  return {mean + shift,
          b - c,
          0.0,
          mean - shift,
          cosine * cosine2 - sine * sine2,
          cosine * sine2 + sine * cosine2};
}

void Iteration::standardize(Index k) {
  const Standard s = make_standard(H_(k, k), H_(k, k + 1), H_(k + 1, k), H_(k + 1, k + 1));
  H_(k, k) = s.a, H_(k, k + 1) = s.b, H_(k + 1, k) = s.c, H_(k + 1, k + 1) = s.d;
  if (s.sine == 0.0) return;
  const auto rotate = [&](double& x, double& y) {
    const double old = x;
    x = s.cosine * old + s.sine * y;
    y = s.cosine * y - s.sine * old;
  };
  for (Index j = k + 2; j < n_; ++j) rotate(right_(j, k), right_(j, k + 1));
  for (Index i = 0; i < k; ++i) rotate(H_(i, k), H_(i, k + 1));
  for (Index i = 0; i < n_; ++i) rotate(Z_(i, k), Z_(i, k + 1));
}

}  // namespace

bool reduce_to_schur(Eigen::MatrixXd& H, Eigen::MatrixXd& Z, Eigen::MatrixXd& workspace) {
  return Iteration(H, Z, workspace).run();
}

}  // namespace dynkit::linearization
