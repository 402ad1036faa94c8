// Trained networks as rest equations, written from PyTorch's formulas.
//
//   tanh   x' = tanh(W_h x + a),  a = W_i u + b_i + b_h
//   GRU    rho = sigma(W_r x + a_r),  z = sigma(W_z x + a_z),  h = W_n x + b_n
//          nu = tanh(a_n + rho h),    x' = (1 - z) nu + z x
// The plain residual is x' - x; that of the GRU is (1 - z) times the balanced one, nu - x.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "plugins/analyses/fixed_points/rest_equation.hpp"

namespace dynkit::fixed_points::testing {

/// W [rows,n] row-major, a [rows]: out = W x + a. Stored by columns, so that the loop vectorizes.
class Affine {
 public:
  Affine(std::span<const double> W, std::span<const double> a) : a_(a.begin(), a.end()) {
    const std::size_t rows = a.size(), n = W.size() / rows;
    columns_.resize(W.size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < n; ++j) columns_[j * rows + i] = W[i * n + j];
    }
  }
  void apply(std::span<const double> x, std::vector<double>& out) const {
    out = a_;
    const std::size_t rows = a_.size();
    for (std::size_t j = 0; j < x.size(); ++j) {
      const double* column = &columns_[j * rows];
      for (std::size_t i = 0; i < rows; ++i) out[i] += column[i] * x[j];
    }
  }

 private:
  std::vector<double> columns_, a_;
};

class TanhNetwork final : public RestEquation {
 public:
  /// W [n,n], a [n]: the constant part of the argument.
  TanhNetwork(std::vector<double> W, const std::vector<double>& a)
      : n_(a.size()), W_(std::move(W)), affine_(W_, a) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(n_); }

  void residual(std::span<const double> x, std::span<double> r) const override {
    thread_local std::vector<double> v;
    affine_.apply(x, v);
    for (std::size_t i = 0; i < n_; ++i) r[i] = std::tanh(v[i]) - x[i];
  }

  void linearized(std::span<const double> x, std::span<double> r,
                  std::span<double> J) const override {
    residual(x, r);
    for (std::size_t i = 0; i < n_; ++i) {
      const double slope = 1 - (r[i] + x[i]) * (r[i] + x[i]);
      for (std::size_t j = 0; j < n_; ++j) J[i * n_ + j] = slope * W_[i * n_ + j];
      J[i * n_ + i] -= 1;
    }
  }

 private:
  std::size_t n_;
  std::vector<double> W_;
  Affine affine_;
};

struct GruWeights {
  std::vector<double> W_hidden;  // [3n,n], blocks rho, z, nu
  std::vector<double> a_input;   // [3n] W_i u + b_i
  std::vector<double> b_hidden;  // [3n]
};

class GruNetwork final : public RestEquation {
 public:
  GruNetwork(GruWeights weights, bool balanced)
      : n_(weights.a_input.size() / 3),
        balanced_(balanced),
        weights_(std::move(weights)),
        affine_(weights_.W_hidden, weights_.b_hidden) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(n_); }

  void residual(std::span<const double> x, std::span<double> r) const override {
    thread_local std::vector<double> v;
    evaluate(x, v);
    for (std::size_t i = 0; i < n_; ++i) {
      r[i] = v[2 * n_ + i] - x[i];
      if (!balanced_) r[i] *= 1 - v[n_ + i];
    }
  }

  void linearized(std::span<const double> x, std::span<double> r,
                  std::span<double> J) const override {
    thread_local std::vector<double> v, h;
    evaluate(x, v, &h);
    const double* W = weights_.W_hidden.data();
    for (std::size_t i = 0; i < n_; ++i) {
      const double rho = v[i], z = v[n_ + i], nu = v[2 * n_ + i];
      const double share = balanced_ ? 1 : 1 - z;
      const double from_h = share * (1 - nu * nu) * rho;
      const double from_rho = share * (1 - nu * nu) * h[i] * rho * (1 - rho);
      const double from_z = balanced_ ? 0 : -z * (1 - z) * (nu - x[i]);
      double* row = &J[i * n_];
      const double *W_r = W + i * n_, *W_z = W_r + n_ * n_, *W_n = W_z + n_ * n_;
      for (std::size_t j = 0; j < n_; ++j) row[j] = from_h * W_n[j] + from_rho * W_r[j];
      if (!balanced_) {
        for (std::size_t j = 0; j < n_; ++j) row[j] += from_z * W_z[j];
      }
      row[i] -= share;
      r[i] = share * (nu - x[i]);
    }
  }

 private:
  // v = (rho, z, nu) and, if wanted, h.
  void evaluate(std::span<const double> x, std::vector<double>& v,
                std::vector<double>* h = nullptr) const {
    affine_.apply(x, v);
    if (h != nullptr) h->assign(v.begin() + static_cast<std::ptrdiff_t>(2 * n_), v.end());
    for (std::size_t i = 0; i < 2 * n_; ++i) {
      v[i] = 1 / (1 + std::exp(-(v[i] + weights_.a_input[i])));
    }
    for (std::size_t i = 2 * n_; i < 3 * n_; ++i) {
      v[i] = std::tanh(weights_.a_input[i] + v[i - 2 * n_] * v[i]);
    }
  }

  std::size_t n_;
  bool balanced_;
  GruWeights weights_;
  Affine affine_;
};

}  // namespace dynkit::fixed_points::testing
