#include "mlp_potential.hpp"

#include <algorithm>
#include <cmath>

#include "dynkit/matrix_product.hpp"

namespace dynkit::langevin {
namespace {

std::vector<std::int64_t> widths_of(std::int64_t k, const std::vector<std::int64_t>& hidden) {
  std::vector<std::int64_t> widths = {k};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(1);
  return widths;
}

// rows *= phi'(a), for the K rows of each sample, `stride` apart.
template <class Number>
void multiply_by_slopes(const Mlp::Layer& layer, const Records<Number>& records, std::int64_t K,
                        Number* rows, std::int64_t stride) {
  for (std::int64_t r = 0; r < records.S * K; ++r) {
    const Number* record = records.of(r / K);
    multiply_by_slope(layer.phi, layer.out, record + layer.values, record + layer.arguments,
                      rows + r * stride);
  }
}

// W_l^T as a factor from the right.
template <class Number>
MatrixOf<Number> transposed(const Mlp::Layer& layer, const Weights<Number>& weights) {
  if (weights.prepared != nullptr) return {weights.prepared + layer.weight, layer.out};
  return MatrixOf<Number>{weights.theta + layer.weight, layer.in}.transposed();
}

template <class Number>
void clear(Number* rows, std::int64_t count, std::int64_t width, std::int64_t stride) {
  for (std::int64_t r = 0; r < count; ++r) std::fill_n(rows + r * stride, width, Number(0));
}

}  // namespace

MlpPotential::MlpPotential(std::int64_t k, const std::vector<std::int64_t>& hidden, Activation phi)
    : k_(k), mlp_(widths_of(k, hidden), phi, Activation::identity) {
  for (const std::int64_t width : hidden) units_ += width;
  std::int64_t first = 0;
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    const std::int64_t d = mlp_.record_size() + first;
    hidden_.push_back({mlp_.layers()[l], d, d + units_, first});
    first += hidden[l];
  }
}

void MlpPotential::add_blocks(ParameterBlocks& blocks) const {
  blocks.add(mlp_, "", "the potential");
  blocks.add("confinement", {1}, "c of c |z|^2 / 2, which is added to the network", {}, 0.0);
}

// As PyTorch draws a Linear: uniform within 1 / sqrt(inputs).
void MlpPotential::draw(const dk_host& host, dk_stream& stream, double* theta) const {
  host.uniform(&host, &stream, mlp_.parameters(), theta);
  for (const Mlp::Layer& layer : mlp_.layers()) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(layer.in));
    for (std::int64_t i = layer.weight; i < layer.bias + layer.out; ++i) {
      theta[i] = bound * (2.0 * theta[i] - 1.0);
    }
  }
  theta[mlp_.parameters()] = 1.0;
}

// (1) and (2). e_l stands where f_l will.
template <class Number>
void MlpPotential::activate(std::int64_t S, Weights<Number> weights, Number* record,
                            std::int64_t stride) const {
  mlp_.activate(S, weights, record, stride);
  const Number* top = weights.theta + last().weight;
  const std::int64_t below = hidden_.empty() ? gradient() : hidden_.back().f;
  for (std::int64_t s = 0; s < S; ++s) std::copy_n(top, last().in, record + s * stride + below);
  for (auto hidden = hidden_.rbegin(); hidden != hidden_.rend(); ++hidden) {
    const Mlp::Layer& layer = hidden->layer;
    const auto next = std::next(hidden);
    const std::int64_t to = next == hidden_.rend() ? gradient() : next->f;
    for (std::int64_t s = 0; s < S; ++s) {
      Number* row = record + s * stride;
      std::copy_n(row + hidden->f, layer.out, row + hidden->d);
      multiply_by_slope(layer.phi, layer.out, row + layer.values, row + layer.arguments,
                        row + hidden->d);
      multiply_by_curvature(layer.phi, layer.out, row + layer.values, row + layer.arguments,
                            row + hidden->f);
      std::fill_n(row + to, layer.in, Number(0));
    }
    add_product(S, layer.in, layer.out, {record + hidden->d, stride},
                {weights.theta + layer.weight, layer.in}, record + to, stride);
  }
  const Number c = weights.theta[mlp_.parameters()];
  for (std::int64_t s = 0; s < S; ++s) {
    Number* z = record + s * stride;
    for (std::int64_t i = 0; i < k_; ++i) z[gradient() + i] += c * z[i];
  }
}

// (3), from z_dot in e_dot. Leaves h_{L-1}_dot there.
template <class Number>
void MlpPotential::forward(const Records<Number>& records, std::int64_t K,
                           Directions<const Number> theta_dot, const Sweep<Number>& sweep) const {
  const std::int64_t S = records.S, rows = S * K, width = mlp_.width();
  for (const Hidden& hidden : hidden_) {
    const Mlp::Layer& layer = hidden.layer;
    Number* a_dot = sweep.a_dot + rows * hidden.first_unit;
    std::fill_n(a_dot, rows * layer.out, Number(0));
    add_product(rows, layer.out, layer.in, {sweep.e_dot, width}, transposed(layer, records.weights),
                a_dot, layer.out);
    for_each_theta(
        S, K, theta_dot,
        [&](const Number* theta, std::int64_t first, std::int64_t count, std::int64_t sample) {
          Number* to = a_dot + first * layer.out;
          add_product(count, layer.out, layer.in,
                      {records.of(sample) + layer.input, records.stride},
                      transposed(layer, Weights<Number>{theta, nullptr}), to, K * layer.out);
          for (std::int64_t i = 0; i < count * layer.out; ++i) {
            to[i / layer.out * K * layer.out + i % layer.out] += theta[layer.bias + i % layer.out];
          }
        });
    for (std::int64_t r = 0; r < rows; ++r) {
      std::copy_n(a_dot + r * layer.out, layer.out, sweep.e_dot + r * width);
    }
    multiply_by_slopes(layer, records, K, sweep.e_dot, width);
  }
}

// d_l_dot of (4), from e_l_dot.
template <class Number>
void MlpPotential::backward(const Hidden& hidden, const Records<Number>& records, std::int64_t K,
                            const Sweep<Number>& sweep) const {
  const Mlp::Layer& layer = hidden.layer;
  const std::int64_t rows = records.S * K, width = mlp_.width();
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(sweep.e_dot + r * width, layer.out, sweep.d_dot + r * width);
  }
  multiply_by_slopes(layer, records, K, sweep.d_dot, width);
  const Number* a_dot = sweep.a_dot + rows * hidden.first_unit;
  for (std::int64_t r = 0; r < rows; ++r) {
    const Number* f = records.of(r / K) + hidden.f;
    for (std::int64_t i = 0; i < layer.out; ++i) {
      sweep.d_dot[r * width + i] += f[i] * a_dot[r * layer.out + i];
    }
  }
}

template <class Number>
void MlpPotential::jvp(const Records<Number>& records, std::int64_t K,
                       Directions<const Number> z_dot, Directions<const Number> theta_dot,
                       Directions<Number> g_dot, Number* work) const {
  const std::int64_t S = records.S, rows = S * K, width = mlp_.width();
  const Sweep<Number> sweep = divide(work, rows);
  clear(sweep.e_dot, rows, k_, width);
  for (std::int64_t r = 0; z_dot.data != nullptr && r < rows; ++r) {
    std::copy_n(at(z_dot, r / K, r % K), k_, sweep.e_dot + r * width);
  }
  forward(records, K, theta_dot, sweep);

  clear(sweep.e_dot, rows, last().in, width);
  for (std::int64_t r = 0; theta_dot.data != nullptr && r < rows; ++r) {
    std::copy_n(at(theta_dot, r / K, r % K) + last().weight, last().in, sweep.e_dot + r * width);
  }
  for (auto hidden = hidden_.rbegin(); hidden != hidden_.rend(); ++hidden) {
    const Mlp::Layer& layer = hidden->layer;
    backward(*hidden, records, K, sweep);
    clear(sweep.e_dot, rows, layer.in, width);
    add_product(rows, layer.in, layer.out, {sweep.d_dot, width},
                {records.weights.theta + layer.weight, layer.in}, sweep.e_dot, width);
    for_each_theta(
        S, K, theta_dot,
        [&](const Number* theta, std::int64_t first, std::int64_t count, std::int64_t sample) {
          add_product(count, layer.in, layer.out, {records.of(sample) + hidden->d, records.stride},
                      {theta + layer.weight, layer.in}, sweep.e_dot + first * width, K * width);
        });
  }

  const Number c = records.weights.theta[mlp_.parameters()];
  for (std::int64_t r = 0; r < rows; ++r) {
    Number* to = at(g_dot, r / K, r % K);
    std::copy_n(sweep.e_dot + r * width, k_, to);
    for (std::int64_t i = 0; z_dot.data != nullptr && i < k_; ++i) {
      to[i] += c * at(z_dot, r / K, r % K)[i];
    }
    if (theta_dot.data == nullptr) continue;
    const Number c_dot = at(theta_dot, r / K, r % K)[mlp_.parameters()];
    for (std::int64_t i = 0; i < k_; ++i) to[i] += c_dot * records.of(r / K)[i];
  }
}

// (5) of a hidden layer. Both products of a row follow each other in one sum, since it must not
// matter how the rows are split.
template <class Number>
void MlpPotential::add_layer_bar(const Hidden& hidden, const Records<Number>& records,
                                 std::int64_t K, const Number* g_bar, Directions<Number> theta_bar,
                                 const Sweep<Number>& sweep) const {
  const Mlp::Layer& layer = hidden.layer;
  const std::int64_t width = mlp_.width();
  const Hidden* below = &hidden == hidden_.data() ? nullptr : &hidden - 1;
  Number *left = sweep.rest, *right = left + 2 * records.S * width;
  for_each_theta(records.S, K, theta_bar,
                 [&](Number* bar, std::int64_t first, std::int64_t count, std::int64_t sample) {
                   for (std::int64_t s = 0; s < count; ++s) {
                     const Number* record = records.of(sample + s);
                     const std::int64_t r = first + s * K;
                     const Number* d_dot = sweep.d_dot + r * width;
                     Number* h_dot = right + (2 * s + 1) * width;
                     std::copy_n(d_dot, layer.out, left + 2 * s * width);
                     std::copy_n(record + hidden.d, layer.out, left + (2 * s + 1) * width);
                     std::copy_n(record + layer.input, layer.in, right + 2 * s * width);
                     if (below == nullptr) {
                       std::copy_n(g_bar + r * k_, k_, h_dot);
                     } else {
                       std::copy_n(sweep.a_dot + records.S * K * below->first_unit + r * layer.in,
                                   layer.in, h_dot);
                       multiply_by_slope(below->layer.phi, layer.in, record + below->layer.values,
                                         record + below->layer.arguments, h_dot);
                     }
                     for (std::int64_t i = 0; i < layer.out; ++i) bar[layer.bias + i] += d_dot[i];
                   }
                   add_product(layer.out, layer.in, 2 * count,
                               MatrixOf<Number>{left, width}.transposed(), {right, width},
                               bar + layer.weight, layer.in);
                 });
}

template <class Number>
void MlpPotential::vjp(const Records<Number>& records, std::int64_t K, const Number* g_bar,
                       Directions<Number> theta_bar, Directions<Number> z_bar, Number* work) const {
  const std::int64_t S = records.S, rows = S * K, width = mlp_.width();
  const Sweep<Number> sweep = divide(work, rows);
  for (std::int64_t r = 0; r < rows; ++r) std::copy_n(g_bar + r * k_, k_, sweep.e_dot + r * width);
  forward(records, K, {}, sweep);

  for (std::int64_t r = 0; theta_bar.data != nullptr && r < rows; ++r) {
    Number* bar = at(theta_bar, r / K, r % K);
    Number inner = 0;
    for (std::int64_t i = 0; i < k_; ++i) inner += g_bar[r * k_ + i] * records.of(r / K)[i];
    bar[mlp_.parameters()] += inner;
    for (std::int64_t i = 0; i < last().in; ++i) {
      bar[last().weight + i] += sweep.e_dot[r * width + i];
    }
  }
  clear(sweep.e_dot, rows, last().in, width);
  for (auto hidden = hidden_.rbegin(); hidden != hidden_.rend(); ++hidden) {
    const Mlp::Layer& layer = hidden->layer;
    backward(*hidden, records, K, sweep);
    add_layer_bar(*hidden, records, K, g_bar, theta_bar, sweep);
    clear(sweep.e_dot, rows, layer.in, width);
    add_product(rows, layer.in, layer.out, {sweep.d_dot, width},
                {records.weights.theta + layer.weight, layer.in}, sweep.e_dot, width);
  }
  const Number c = records.weights.theta[mlp_.parameters()];
  for (std::int64_t r = 0; z_bar.data != nullptr && r < rows; ++r) {
    Number* to = at(z_bar, r / K, r % K);
    for (std::int64_t i = 0; i < k_; ++i) {
      to[i] = sweep.e_dot[r * width + i] + c * g_bar[r * k_ + i];
    }
  }
}

template <class Number>
void MlpPotential::hessian(const Records<Number>& one, Number* H, std::int64_t row_stride,
                           Number* work) const {
  std::fill_n(work, k_ * k_, Number(0));
  for (std::int64_t i = 0; i < k_; ++i) work[i * k_ + i] = Number(1);
  jvp(one, k_, Directions<const Number>{work, 0, k_}, {}, Directions<Number>{H, 0, row_stride},
      work + k_ * k_);
}

DYNKIT_INSTANTIATE_POTENTIAL(MlpPotential)

}  // namespace dynkit::langevin
