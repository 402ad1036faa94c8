#include "initial.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace dynkit::low_rank_rnn {
namespace {

// What the sums may be wrong by, and more than nothing where weights are zero.
constexpr double kMargin = 1e-10;

struct Interval {
  double lower = 0.0, upper = 0.0;

  void add(double factor, double low, double high) {
    lower += std::min(factor * low, factor * high);
    upper += std::max(factor * low, factor * high);
  }
};

}  // namespace

void draw_parameters(const Kernel& kernel, double overlap, const dk_host& host, dk_stream& stream,
                     double* theta) {
  const Factors& factors = kernel.factors();
  const Blocks<double> block = factors.blocks(theta);
  const std::int64_t elements = factors.units() * factors.rank();
  host.normal(&host, &stream, elements, block.m);
  host.normal(&host, &stream, elements, block.n);
  for (std::int64_t i = 0; i < elements; ++i) block.n[i] += overlap * block.m[i];
  host.normal(&host, &stream, factors.inputs() * factors.units(), block.wi);
  if (block.bias != nullptr) std::fill_n(block.bias, factors.units(), 0.0);
}

void draw_state(const Kernel& kernel, const dk_host& host, dk_stream& stream, const double* theta,
                double* state) {
  const Factors& factors = kernel.factors();
  if (kernel.reduced()) {
    host.normal(&host, &stream, factors.width(), state);
    return;
  }
  std::vector<double> z(static_cast<std::size_t>(factors.width()));
  host.normal(&host, &stream, factors.width(), z.data());
  std::fill_n(state, factors.units(), 0.0);
  factors.lift(1, {z.data(), factors.width()}, factors.right(theta), state, factors.units());
}

void trapping_box(const Kernel& kernel, const double* theta, double phi_lower, double phi_upper,
                  double* lower, double* upper) {
  const Factors& factors = kernel.factors();
  const std::int64_t N = factors.units();
  const std::int64_t R = factors.rank();
  const Blocks<const double> block = factors.blocks(theta);
  std::vector<Interval> q(static_cast<std::size_t>(R));
  for (std::int64_t r = 0; r < R; ++r) {
    Interval& own = q[static_cast<std::size_t>(r)];
    for (std::int64_t j = 0; j < N; ++j) own.add(block.n[j * R + r], phi_lower, phi_upper);
    own.lower /= static_cast<double>(N);
    own.upper /= static_cast<double>(N);
  }
  for (std::int64_t i = 0; i < kernel.states(); ++i) {
    Interval bound;
    if (kernel.reduced()) {
      bound = q[static_cast<std::size_t>(i)];
    } else {
      for (std::int64_t r = 0; r < R; ++r) {
        const Interval& drive = q[static_cast<std::size_t>(r)];
        bound.add(block.m[i * R + r], drive.lower, drive.upper);
      }
    }
    lower[i] = bound.lower - kMargin * (1.0 + std::fabs(bound.lower));
    upper[i] = bound.upper + kMargin * (1.0 + std::fabs(bound.upper));
  }
}

}  // namespace dynkit::low_rank_rnn
