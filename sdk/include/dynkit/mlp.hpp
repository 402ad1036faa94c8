// Multilayer perceptron: what neural vector fields, gates, potentials and readouts are made of.
//
//     h_0 = z,   a_l = W_l h_{l-1} + b_l,   h_l = phi_l(a_l),   y = h_L                        (1)
//
// with one phi in all hidden layers and another in the last. Parameters are named and ordered as in
// PyTorch's nn.Sequential(Linear, phi, Linear, phi, ...): 0.weight [w_1,w_0], 0.bias [w_1],
// 2.weight, and so on.
//
// Each row has a record: z, then h_1 .. h_L, each followed by a_l where the slope needs it. Each
// h_l begins at a multiple of 16 numbers, so that vectors do not lie across cache lines if records
// begin on one. With d_L = y_bar:
//     tangent    h_l_dot = phi'(a_l) (W_l h_{l-1}_dot + W_l_dot h_{l-1} + b_l_dot)             (2)
//     cotangent  d_l *= phi'(a_l),   W_l_bar += d_l h_{l-1}^T,   b_l_bar += d_l,
//                d_{l-1} = W_l^T d_l                                                           (3)
//
// Rows of z that share theta are computed together, K rows of tangents or cotangents for each.
// Nothing is allocated after construction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/activation.hpp"
#include "dynkit/matrix_product.hpp"
#include "dynkit/views.hpp"

namespace dynkit {

/// Weights of one or several networks: theta and, unless NULL, what `prepare` made of it.
template <class Number>
struct Weights {
  const Number* theta;
  const Number* prepared;
};

/// Tangents or cotangents of theta: those of direction k of sample s begin at
/// data + s * sample + k * direction; sample 0: shared by all samples. data NULL: none.
template <class Number>
struct ThetaDirections {
  Number* data;
  std::int64_t sample, direction;
};

class Mlp {
 public:
  struct Layer {
    std::int64_t in, out;
    Activation phi;
    std::int64_t weight, bias;       // in theta
    std::int64_t input;              // h_{l-1} in a record
    std::int64_t values, arguments;  // h_l and a_l in a record
  };

  /// widths = w_0 .. w_L, L >= 1. The network's part of theta (and of `prepared`) begins at
  /// `first_parameter`.
  Mlp(const std::vector<std::int64_t>& widths, Activation hidden, Activation last,
      std::int64_t first_parameter = 0)
      : width_(*std::max_element(widths.begin(), widths.end())) {
    std::int64_t parameter = first_parameter;
    record_ = aligned(widths[0]);
    std::int64_t input = 0;
    for (std::size_t l = 1; l < widths.size(); ++l) {
      Layer layer{};
      layer.in = widths[l - 1];
      layer.out = widths[l];
      layer.phi = l + 1 < widths.size() ? hidden : last;
      layer.weight = parameter;
      layer.bias = parameter + layer.in * layer.out;
      parameter = layer.bias + layer.out;
      layer.input = input;
      layer.values = record_;
      layer.arguments = record_ + layer.out;
      record_ = aligned(record_ + layer.out * (slope_needs_argument(layer.phi) ? 2 : 1));
      input = layer.values;
      layers_.push_back(layer);
    }
    parameters_ = parameter - first_parameter;
  }

  const std::vector<Layer>& layers() const { return layers_; }
  std::int64_t inputs() const { return layers_.front().in; }
  std::int64_t outputs() const { return layers_.back().out; }
  std::int64_t parameters() const { return parameters_; }
  std::int64_t record_size() const { return record_; }
  /// Where y stands in a record.
  std::int64_t output() const { return layers_.back().values; }
  /// Numbers of work for so many rows of tangents or cotangents.
  std::int64_t work_size(std::int64_t rows) const { return 2 * rows * width_; }

  /// Fills this network's part of `prepared`: transposed weights, where theta has the weights.
  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    for (const Layer& layer : layers_) {
      const Number* W = theta + layer.weight;
      Number* transposed = prepared + layer.weight;
      for (std::int64_t i = 0; i < layer.out; ++i) {
        for (std::int64_t j = 0; j < layer.in; ++j)
          transposed[j * layer.out + i] = W[i * layer.in + j];
      }
    }
  }

  /// (1), from z in the records [rows, stride] to y there. The same bits with and without prepared
  /// weights.
  template <class Number>
  void activate(std::int64_t rows, Weights<Number> weights, Number* record,
                std::int64_t stride) const {
    for (const Layer& layer : layers_) {
      Number* values = record + layer.values;
      set_product(rows, layer.out, layer.in, {record + layer.input, stride},
                  transposed(layer, weights), weights.theta + layer.bias, values, stride);
      for (std::int64_t s = 0; s < rows; ++s) {
        Number* row = values + s * stride;
        if (slope_needs_argument(layer.phi)) {
          std::copy_n(row, layer.out, record + s * stride + layer.arguments);
        }
        dynkit::activate(layer.phi, layer.out, row);
      }
    }
  }

  /// (2) for S samples with K directions each. z_dot [S*K, w_0] is read. Returns y_dot [S*K, w_L],
  /// which stands in work; both have rows `width()` apart.
  template <class Number>
  Number* jvp(std::int64_t S, std::int64_t K, Weights<Number> weights, const Number* record,
              std::int64_t stride, const Number* z_dot, ThetaDirections<const Number> theta_dot,
              Number* work) const {
    const Number* dot = z_dot;
    Number* next = work;
    for (const Layer& layer : layers_) {
      for (std::int64_t r = 0; r < S * K; ++r) std::fill_n(next + r * width_, layer.out, Number(0));
      add_product(S * K, layer.out, layer.in, {dot, width_}, transposed(layer, weights), next,
                  width_);
      for_each(
          S, K, theta_dot,
          [&](const Number* theta, std::int64_t first, std::int64_t rows, std::int64_t sample) {
            const Weights<Number> own{theta, nullptr};
            Number* target = next + first * width_;
            add_product(rows, layer.out, layer.in, {record + sample * stride + layer.input, stride},
                        transposed(layer, own), target, K * width_);
            for (std::int64_t s = 0; s < rows; ++s) {
              for (std::int64_t i = 0; i < layer.out; ++i) {
                target[s * K * width_ + i] += theta[layer.bias + i];
              }
            }
          });
      multiply_by_slopes(layer, S, K, record, stride, next);
      dot = next;
      next = next == work ? work + S * K * width_ : work;
    }
    return const_cast<Number*>(dot);
  }

  /// (3) for S samples with K directions each. d [S*K, w_L] is y_bar and is overwritten, it may
  /// stand in the first half of work. Returns z_bar [S*K, w_0] in d or work, or NULL if it is not
  /// wanted; all have rows `width()` apart. theta_bar accumulates.
  template <class Number>
  Number* vjp(std::int64_t S, std::int64_t K, Weights<Number> weights, const Number* record,
              std::int64_t stride, Number* d, ThetaDirections<Number> theta_bar, bool wants_z_bar,
              Number* work) const {
    Number* next = d == work ? work + S * K * width_ : work;
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      multiply_by_slopes(*layer, S, K, record, stride, d);
      for_each(S, K, theta_bar,
               [&](Number* bar, std::int64_t first, std::int64_t rows, std::int64_t sample) {
                 add_to_parameters(*layer, rows, d + first * width_, K * width_,
                                   {record + sample * stride + layer->input, stride}, bar);
               });
      if (layer->input == 0 && !wants_z_bar) return nullptr;
      for (std::int64_t r = 0; r < S * K; ++r) std::fill_n(next + r * width_, layer->in, Number(0));
      add_product(S * K, layer->in, layer->out, {d, width_},
                  {weights.theta + layer->weight, layer->in}, next, width_);
      std::swap(d, next);
    }
    return d;
  }

  /// From row to row of tangents and cotangents.
  std::int64_t width() const { return width_; }

 private:
  static constexpr std::int64_t aligned(std::int64_t numbers) { return (numbers + 15) / 16 * 16; }

  template <class Number>
  static MatrixOf<Number> transposed(const Layer& layer, Weights<Number> weights) {
    if (weights.prepared != nullptr) return {weights.prepared + layer.weight, layer.out};
    return MatrixOf<Number>{weights.theta + layer.weight, layer.in}.transposed();
  }

  template <class Number>
  void multiply_by_slopes(const Layer& layer, std::int64_t S, std::int64_t K, const Number* record,
                          std::int64_t stride, Number* d) const {
    if (layer.phi == Activation::identity) return;
    for (std::int64_t s = 0; s < S; ++s) {
      const Number* row = record + s * stride;
      for (std::int64_t k = 0; k < K; ++k) {
        multiply_by_slope(layer.phi, layer.out, row + layer.values, row + layer.arguments,
                          d + (s * K + k) * width_);
      }
    }
  }

  template <class Number>
  static void add_to_parameters(const Layer& layer, std::int64_t rows, const Number* d,
                                std::int64_t d_stride, MatrixOf<Number> input, Number* theta_bar) {
    add_product(layer.out, layer.in, rows, MatrixOf<Number>{d, d_stride}.transposed(), input,
                theta_bar + layer.weight, layer.in);
    const Number one = 1;
    add_product(1, layer.out, rows, {&one, 0, 0}, {d, d_stride}, theta_bar + layer.bias, layer.out);
  }

  // for_each_direction of dynkit/views.hpp.
  template <class Number, class Body>
  static void for_each(std::int64_t S, std::int64_t K, ThetaDirections<Number> directions,
                       Body&& body) {
    if (directions.data == nullptr) return;
    for_each_direction(S, K, directions.direction, directions.data, directions.sample,
                       std::forward<Body>(body));
  }

  std::vector<Layer> layers_;
  std::int64_t width_;
  std::int64_t record_ = 0;
  std::int64_t parameters_ = 0;
};

}  // namespace dynkit
