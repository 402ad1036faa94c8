#include "double_well.hpp"

#include <algorithm>

namespace dynkit::langevin {
namespace {

// grad_i U and its derivatives with respect to z_i, b_i and w_i; that by c_i is 1.
template <class Number>
struct Well {
  Well(Number b, Number w, Number c, Number z) {
    const Number r = z / w;
    const Number shape = Number(4) * r * (r * r - Number(1)) / w;
    gradient = b * shape + c;
    by_z = Number(4) * b * (Number(3) * r * r - Number(1)) / (w * w);
    by_b = shape;
    by_w = Number(-8) * b * r * (Number(2) * r * r - Number(1)) / (w * w);
  }
  Number gradient, by_z, by_b, by_w;
};

template <class Number>
Well<Number> well(const Number* theta, std::int64_t k, std::int64_t i, Number z) {
  return {theta[i], theta[k + i], theta[2 * k + i], z};
}

}  // namespace

void DoubleWell::add_blocks(ParameterBlocks& blocks) const {
  blocks.add("barrier", {k_}, "height of the barrier between the wells", {}, 0.0);
  blocks.add("width", {k_}, "distance of the wells from the barrier, > 0", {}, 1e-3);
  blocks.add("tilt", {k_}, "slope that is added to the wells");
}

void DoubleWell::draw(const dk_host&, dk_stream&, double* theta) const {
  std::fill_n(theta, 2 * k_, 1.0);
  std::fill_n(theta + 2 * k_, k_, 0.0);
}

template <class Number>
void DoubleWell::activate(std::int64_t S, Weights<Number> weights, Number* record,
                          std::int64_t stride) const {
  for (std::int64_t s = 0; s < S; ++s) {
    Number* z = record + s * stride;
    for (std::int64_t i = 0; i < k_; ++i) z[k_ + i] = well(weights.theta, k_, i, z[i]).gradient;
  }
}

template <class Number>
void DoubleWell::hessian(const Records<Number>& one, Number* H, std::int64_t row_stride,
                         Number*) const {
  for (std::int64_t i = 0; i < k_; ++i) {
    std::fill_n(H + i * row_stride, k_, Number(0));
    H[i * row_stride + i] = well(one.weights.theta, k_, i, one.data[i]).by_z;
  }
}

template <class Number>
void DoubleWell::jvp(const Records<Number>& records, std::int64_t K, Directions<const Number> z_dot,
                     Directions<const Number> theta_dot, Directions<Number> g_dot, Number*) const {
  for (std::int64_t s = 0; s < records.S; ++s) {
    for (std::int64_t i = 0; i < k_; ++i) {
      const Well<Number> slope = well(records.weights.theta, k_, i, records.of(s)[i]);
      for (std::int64_t k = 0; k < K; ++k) {
        Number sum = 0;
        if (z_dot.data != nullptr) sum += slope.by_z * at(z_dot, s, k)[i];
        if (theta_dot.data != nullptr) {
          const Number* dot = at(theta_dot, s, k);
          sum += slope.by_b * dot[i] + slope.by_w * dot[k_ + i] + dot[2 * k_ + i];
        }
        at(g_dot, s, k)[i] = sum;
      }
    }
  }
}

template <class Number>
void DoubleWell::vjp(const Records<Number>& records, std::int64_t K, const Number* g_bar,
                     Directions<Number> theta_bar, Directions<Number> z_bar, Number*) const {
  for (std::int64_t s = 0; s < records.S; ++s) {
    for (std::int64_t i = 0; i < k_; ++i) {
      const Well<Number> slope = well(records.weights.theta, k_, i, records.of(s)[i]);
      for (std::int64_t k = 0; k < K; ++k) {
        const Number g = g_bar[(s * K + k) * k_ + i];
        if (z_bar.data != nullptr) at(z_bar, s, k)[i] = slope.by_z * g;
        if (theta_bar.data == nullptr) continue;
        Number* bar = at(theta_bar, s, k);
        bar[i] += slope.by_b * g;
        bar[k_ + i] += slope.by_w * g;
        bar[2 * k_ + i] += g;
      }
    }
  }
}

DYNKIT_INSTANTIATE_POTENTIAL(DoubleWell)

}  // namespace dynkit::langevin
