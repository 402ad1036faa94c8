// Derivatives, with the slopes of (2) written from the gates' values and y = tanh(c'):
//     c'_dot = f c_dot + c f (1-f) a_f_dot + g i (1-i) a_i_dot + i (1-g^2) a_g_dot             (4)
//     h'_dot = y o (1-o) a_o_dot + o (1-y^2) c'_dot
//     e = c'_bar + o (1-y^2) h'_bar,   c_bar = f e                                             (5)
//     a_i_bar = g i (1-i) e    a_f_bar = c f (1-f) e    a_g_bar = i (1-g^2) e
//     a_o_bar = y o (1-o) h'_bar
#include "lstm.hpp"

#include <algorithm>

#include "dynkit/network_model.hpp"
#include "dynkit/vector_math.hpp"
#include "dynkit/views.hpp"

namespace dynkit::lstm {
namespace {

// The parts of a row of gates, of their tangents or cotangents.
template <class Number>
struct Gates {
  Gates(Number* row, std::int64_t n) : i(row), f(row + n), g(row + 2 * n), o(row + 3 * n) {}
  Number *i, *f, *g, *o;
};

// Row k of sample s; NULL stays NULL.
template <class Argument>
auto row_of(const Argument& argument, std::int64_t s, std::int64_t k, std::int64_t width) {
  return argument.data == nullptr ? nullptr : argument.data + s * argument.stride + k * width;
}

// What (4) and (5) multiply the sums' tangents and cotangents with, at unit j.
template <class Number>
struct Slopes {
  Slopes(const Number* record, std::int64_t n, const Number* c, std::int64_t j) {
    const Gates<const Number> gate(record, n);
    const Number y = record[4 * n + j];
    const Number i = gate.i[j], f = gate.f[j], g = gate.g[j], o = gate.o[j];
    c_i = g * i * (Number(1) - i);
    c_f = c[j] * f * (Number(1) - f);
    c_g = i * (Number(1) - g) * (Number(1) + g);
    h_o = y * o * (Number(1) - o);
    h_c = o * (Number(1) - y) * (Number(1) + y);
    keep = f;
  }
  Number c_i, c_f, c_g, h_o, h_c, keep;
};

}  // namespace

template <class Number>
void Kernel::activate(const Points<Number>& points, Number* record) const {
  const std::int64_t n = n_;
  sums_.fill<Number>(points, record, record_size());
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* row = record + s * record_size();
    vector_math::sigmoid(row, row, 2 * n);
    vector_math::tanh(row + 2 * n, row + 2 * n, n);
    vector_math::sigmoid(row + 3 * n, row + 3 * n, n);
    const Gates<const Number> gate(row, n);
    const Number* __restrict c = points.x.data + s * points.x.stride + n;
    Number* __restrict y = row + 4 * n;
    for (std::int64_t j = 0; j < n; ++j) {
      y[j] = vector_math::tanh(gate.f[j] * c[j] + gate.i[j] * gate.g[j]);
    }
  }
}

template <class Number>
void Kernel::eval(const Points<Number>& points, const Number* record,
                  const Output<Number>& out) const {
  const std::int64_t n = n_;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* row = record + s * record_size();
    const Gates<const Number> gate(row, n);
    const Number* y = row + 4 * n;
    const Number* c = points.x.data + s * points.x.stride + n;
    Number* result = out.data + s * out.stride;
    for (std::int64_t j = 0; j < n; ++j) result[j] = gate.o[j] * y[j];
    for (std::int64_t j = 0; j < n; ++j) result[n + j] = gate.f[j] * c[j] + gate.i[j] * gate.g[j];
  }
}

template <class Number>
void Kernel::jvp(const Points<Number>& points, const Number* record,
                 const Tangents<Number>& tangents, Number* work, const Output<Number>& out) const {
  const std::int64_t n = n_;
  const std::int64_t K = tangents.count;
  sums_.jvp<Number>(points, tangents, work, 4 * n);
  for (std::int64_t r = 0; r < points.count * K; ++r) {
    const std::int64_t s = r / K;
    const Number* c = points.x.data + s * points.x.stride + n;
    const Number* x_dot = row_of(tangents.x, s, r % K, 2 * n);
    const Gates<const Number> dot(work + r * 4 * n, n);
    Number* result = row_of(out, s, r % K, 2 * n);
    for (std::int64_t j = 0; j < n; ++j) {
      const Slopes<Number> slope(record + s * record_size(), n, c, j);
      const Number kept = x_dot != nullptr ? slope.keep * x_dot[n + j] : Number(0);
      const Number c_dot =
          kept + slope.c_f * dot.f[j] + slope.c_i * dot.i[j] + slope.c_g * dot.g[j];
      result[j] = slope.h_o * dot.o[j] + slope.h_c * c_dot;
      result[n + j] = c_dot;
    }
  }
}

template <class Number>
void Kernel::vjp(const Points<Number>& points, const Number* record,
                 const Cotangents<Number>& cotangents, Number* work) const {
  const std::int64_t n = n_;
  const std::int64_t K = cotangents.count;
  for (std::int64_t r = 0; r < points.count * K; ++r) {
    const std::int64_t s = r / K;
    const Number* c = points.x.data + s * points.x.stride + n;
    const Number* out_bar = row_of(cotangents.out, s, r % K, 2 * n);
    Number* x_bar = row_of(cotangents.x, s, r % K, 2 * n);
    const Gates<Number> bar(work + r * 4 * n, n);
    for (std::int64_t j = 0; j < n; ++j) {
      const Slopes<Number> slope(record + s * record_size(), n, c, j);
      const Number e = out_bar[n + j] + slope.h_c * out_bar[j];
      bar.i[j] = slope.c_i * e;
      bar.f[j] = slope.c_f * e;
      bar.g[j] = slope.c_g * e;
      bar.o[j] = slope.h_o * out_bar[j];
      if (x_bar == nullptr) continue;
      x_bar[j] = Number(0);
      x_bar[n + j] = slope.keep * e;
    }
  }
  sums_.vjp<Number>(points, cotangents, work, 4 * n);
}

// The rows of h'_j and c'_j are sums of four rows of W_hh, W_ih or, by parameter, of h and u.
template <class Number>
void Kernel::jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt, Number*,
                      const Matrices<Number>& J) const {
  const std::int64_t n = n_;
  const std::int64_t m = sums_.inputs();
  for (std::int64_t s = 0; s < points.count; ++s) {
    const auto block = sums_.blocks(points.theta.data + s * points.theta.stride);
    const Number* h = points.x.data + s * points.x.stride;
    const Number* u = m > 0 ? row_of(points.u, s, 0, 0) : nullptr;
    for (std::int64_t j = 0; j < n; ++j) {
      const Slopes<Number> slope(record + s * record_size(), n, h + n, j);
      const Number weight[] = {slope.c_i, slope.c_f, slope.c_g};
      Number* of_h = J.data + s * J.sample_stride + j * J.row_stride;
      Number* of_c = of_h + n * J.row_stride;
      const auto combine = [&](std::int64_t columns, const Number* W) {
        for (std::int64_t k = 0; k < columns; ++k) {
          Number sum = 0;
          for (std::int64_t gate = 0; gate < 3; ++gate) {
            sum += weight[gate] * W[(gate * n + j) * columns + k];
          }
          of_c[k] = sum;
          of_h[k] = slope.h_c * sum + slope.h_o * W[(3 * n + j) * columns + k];
        }
      };
      if (wrt == DK_WRT_INPUT) {
        combine(m, block.W_ih);
        continue;
      }
      if (wrt == DK_WRT_STATE) {
        combine(n, block.W_hh);
        std::fill_n(of_c + n, n, Number(0));
        std::fill_n(of_h + n, n, Number(0));
        of_c[n + j] = slope.keep;
        of_h[n + j] = slope.h_c * slope.keep;
        continue;
      }
      std::fill_n(of_h, sums_.parameters(), Number(0));
      std::fill_n(of_c, sums_.parameters(), Number(0));
      const auto h_block = sums_.blocks(of_h);
      const auto c_block = sums_.blocks(of_c);
      for (std::int64_t gate = 0; gate < 4; ++gate) {
        const std::int64_t row = gate * n + j;
        const Number in_c = gate < 3 ? weight[gate] : Number(0);
        const Number in_h = gate < 3 ? slope.h_c * in_c : slope.h_o;
        const auto put = [&](const auto& target, Number factor) {
          for (std::int64_t k = 0; k < n; ++k) target.W_hh[row * n + k] = factor * h[k];
          for (std::int64_t k = 0; u != nullptr && k < m; ++k) {
            target.W_ih[row * m + k] = factor * u[k];
          }
          target.b_ih[row] = target.b_hh[row] = factor;
        };
        put(h_block, in_h);
        put(c_block, in_c);
      }
    }
  }
}

DYNKIT_INSTANTIATE_KERNEL(Kernel)

}  // namespace dynkit::lstm
