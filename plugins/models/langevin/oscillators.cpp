#include "oscillators.hpp"

#include <algorithm>
#include <cmath>

namespace dynkit::langevin {
namespace {

// A filter of three numbers, and 1 / sqrt(|K|^2 + e^2).
template <class Number>
struct Filter {
  explicit Filter(const Number* K) {
    constexpr auto e = static_cast<Number>(1e-8);
    scale = Number(1) / std::sqrt(K[0] * K[0] + K[1] * K[1] + K[2] * K[2] + e * e);
    for (int d = 0; d < 3; ++d) normalized[d] = scale * K[d];
  }

  // to += (derivative of (1)) v = scale (v - N <N, v>), a symmetric matrix.
  void add_derivative(const Number* v, Number* to) const {
    Number inner = 0;
    for (int d = 0; d < 3; ++d) inner += normalized[d] * v[d];
    for (int d = 0; d < 3; ++d) to[d] += scale * (v[d] - inner * normalized[d]);
  }

  Number normalized[3], scale;
};

// Calls body(l, m, d) for all places m = l + d - 1 within [0, length).
template <class Body>
void for_each_neighbor(std::int64_t length, Body&& body) {
  for (std::int64_t d = 0; d < 3; ++d) {
    const std::int64_t end = std::min(length, length + 1 - d);
    for (std::int64_t l = std::max<std::int64_t>(0, 1 - d); l < end; ++l) body(l, l + d - 1, d);
  }
}

}  // namespace

void Oscillators::add_blocks(ParameterBlocks& blocks) const {
  blocks.add("kernel", {groups_, groups_, 3},
             "filters [to, from, offset], each divided by its length");
}

void Oscillators::draw(const dk_host& host, dk_stream& stream, double* theta) const {
  host.normal(&host, &stream, parameters(), theta);
}

template <class Number>
void Oscillators::add_gradient(const Number* kernel, const Number* z, Number* Z, Number* Y,
                               Number* to) const {
  std::fill_n(Z, length_, Number(0));
  std::fill_n(Y, length_, Number(0));
  for (std::int64_t c = 0; c < groups_; ++c) {
    const Number *own = z + c * length_, *weight = kernel + 3 * c;
    for (std::int64_t l = 0; l < length_; ++l) Z[l] += own[l];
    for_each_neighbor(length_, [&](std::int64_t l, std::int64_t m, std::int64_t d) {
      Y[l] += weight[d] * own[m];
    });
  }
  for (std::int64_t c = 0; c < groups_; ++c) {
    Number* own = to + c * length_;
    const Number* weight = kernel + 3 * c;
    for (std::int64_t l = 0; l < length_; ++l) own[l] += Y[l];
    for_each_neighbor(length_, [&](std::int64_t l, std::int64_t m, std::int64_t d) {
      own[m] += weight[d] * Z[l];
    });
  }
}

template <class Number>
void Oscillators::activate(std::int64_t S, Weights<Number> weights, Number* record,
                           std::int64_t stride) const {
  for (std::int64_t s = 0; s < S; ++s) {
    Number *row = record + s * stride, *own = row + kernel();
    if (s > 0) {
      std::copy_n(record + kernel(), 3 * groups_, own);
    } else {
      std::fill_n(own, 3 * groups_, Number(0));
      for (std::int64_t i = 0; i < groups_ * groups_; ++i) {
        const Filter<Number> filter(weights.theta + 3 * i);
        for (int d = 0; d < 3; ++d) own[i % groups_ * 3 + d] += filter.normalized[d];
      }
    }
    std::fill_n(row + gradient(), k_, Number(0));
    add_gradient(own, row, row + sums(), row + filtered(), row + gradient());
  }
}

template <class Number>
void Oscillators::hessian(const Records<Number>& one, Number* H, std::int64_t row_stride,
                          Number*) const {
  const Number* own = one.data + kernel();
  for (std::int64_t i = 0; i < k_; ++i) std::fill_n(H + i * row_stride, k_, Number(0));
  for (std::int64_t a = 0; a < groups_; ++a) {
    for (std::int64_t c = 0; c < groups_; ++c) {
      for_each_neighbor(length_, [&](std::int64_t l, std::int64_t m, std::int64_t d) {
        H[(a * length_ + l) * row_stride + c * length_ + m] += own[3 * c + d];
        H[(a * length_ + m) * row_stride + c * length_ + l] += own[3 * a + d];
      });
    }
  }
}

// g_dot = H(k) z_dot + H(k_dot) z
template <class Number>
void Oscillators::jvp(const Records<Number>& records, std::int64_t K,
                      Directions<const Number> z_dot, Directions<const Number> theta_dot,
                      Directions<Number> g_dot, Number* work) const {
  Number *kernel_dot = work, *Z = work + 3 * groups_, *Y = Z + length_;
  for (std::int64_t s = 0; s < records.S; ++s) {
    const Number* row = records.of(s);
    for (std::int64_t k = 0; k < K; ++k) {
      Number* to = at(g_dot, s, k);
      std::fill_n(to, k_, Number(0));
      if (z_dot.data != nullptr) add_gradient(row + kernel(), at(z_dot, s, k), Z, Y, to);
      if (theta_dot.data == nullptr) continue;
      std::fill_n(kernel_dot, 3 * groups_, Number(0));
      for (std::int64_t i = 0; i < groups_ * groups_; ++i) {
        Filter<Number>(records.weights.theta + 3 * i)
            .add_derivative(at(theta_dot, s, k) + 3 * i, kernel_dot + i % groups_ * 3);
      }
      add_gradient(kernel_dot, row, Z, Y, to);
    }
  }
}

// z_bar = H(k) g_bar. With G = sum_c g_bar_c:
//     k_bar[c,d] = sum_l G[l] z_c[l + d - 1] + Z[l] g_bar_c[l + d - 1]
// and each filter [a,c] takes k_bar[c] through (1).
template <class Number>
void Oscillators::vjp(const Records<Number>& records, std::int64_t K, const Number* g_bar,
                      Directions<Number> theta_bar, Directions<Number> z_bar, Number* work) const {
  Number *kernel_bar = work, *G = work + 3 * groups_, *Y = G + length_;
  for (std::int64_t r = 0; r < records.S * K; ++r) {
    const Number *row = records.of(r / K), *g = g_bar + r * k_;
    if (z_bar.data != nullptr) {
      Number* to = at(z_bar, r / K, r % K);
      std::fill_n(to, k_, Number(0));
      add_gradient(row + kernel(), g, G, Y, to);
    }
    if (theta_bar.data == nullptr) continue;
    std::fill_n(G, length_, Number(0));
    for (std::int64_t i = 0; i < k_; ++i) G[i % length_] += g[i];
    std::fill_n(kernel_bar, 3 * groups_, Number(0));
    const Number* Z = row + sums();
    for (std::int64_t c = 0; c < groups_; ++c) {
      const Number *z_c = row + c * length_, *g_c = g + c * length_;
      for_each_neighbor(length_, [&](std::int64_t l, std::int64_t m, std::int64_t d) {
        kernel_bar[3 * c + d] += G[l] * z_c[m] + Z[l] * g_c[m];
      });
    }
    for (std::int64_t i = 0; i < groups_ * groups_; ++i) {
      Filter<Number>(records.weights.theta + 3 * i)
          .add_derivative(kernel_bar + i % groups_ * 3, at(theta_bar, r / K, r % K) + 3 * i);
    }
  }
}

DYNKIT_INSTANTIATE_POTENTIAL(Oscillators)

}  // namespace dynkit::langevin
