#include "points.hpp"

#include <algorithm>
#include <cmath>

#include "dynkit/error.hpp"
#include "dynkit/initial.h"

namespace dynkit::conformance {
namespace {

constexpr int kRounds = 30;

std::int64_t size_of(const dk_block& block) {
  std::int64_t size = 1;
  for (std::int32_t axis = 0; axis < block.rank; ++axis) size *= block.shape[axis];
  return size;
}

const dk_block* block_of(const Facts& facts, std::int64_t i) {
  for (const dk_block& block : facts.blocks) {
    if (i >= block.offset && i < block.offset + size_of(block)) return &block;
  }
  return nullptr;
}

// A parameter near `value`, away from bounds: at a bound one side of a difference would be outside.
double near(dk_stream& stream, double value, std::pair<double, double> bounds) {
  double r[2];
  draw_normal(stream, r);
  const auto [lower, upper] = bounds;
  double moved = value * (1.0 + 0.1 * r[0]) + 0.05 * r[1];
  const double width = upper - lower;
  const double margin = std::isfinite(width) ? 0.01 * width : 0.01 * (1.0 + std::abs(value));
  if (moved < lower + margin) moved = lower + margin * (1.0 + std::abs(r[1]));
  if (moved > upper - margin) moved = upper - margin * (1.0 + std::abs(r[1]));
  return std::clamp(moved, lower, upper);
}

Numbers near_theta(const Subject& subject, dk_stream& stream, const Numbers& initial) {
  Numbers theta = initial;
  for (std::size_t i = 0; i < theta.size(); ++i) {
    theta[i] = near(stream, theta[i], bounds_of(subject.facts(), static_cast<std::int64_t>(i)));
  }
  return theta;
}

// Draws sample `s` of the batch anew.
void draw_sample(const Subject& subject, dk_stream& stream, const Numbers& initial, Batch& batch,
                 std::int64_t s) {
  const Facts& facts = subject.facts();
  const auto put = [s](const Numbers& row, Numbers& into) {
    std::copy(row.begin(), row.end(), into.begin() + s * static_cast<std::int64_t>(row.size()));
  };
  if (!batch.one_theta) put(near_theta(subject, stream, initial), batch.theta);
  const Numbers theta = batch.one_theta ? batch.theta
                                        : Numbers(batch.theta.begin() + s * facts.p,
                                                  batch.theta.begin() + (s + 1) * facts.p);
  Numbers x = typical_state(subject, stream, theta);
  const Numbers moves = draw_numbers(stream, facts.n);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] += 0.33 * scale_of_state(facts, static_cast<std::int64_t>(i)) * moves[i];
  }
  put(x, batch.x);
  Numbers u = draw_numbers(stream, facts.m);
  for (double& value : u) value *= 0.5;
  put(u, batch.u);
  double r[2];
  draw_uniform(stream, r);
  put({2.0 * r[0]}, batch.t);
  const double step = facts.step > 0.0 ? facts.step : 0.1;
  if (!batch.h.empty()) put({step * (0.5 + r[1])}, batch.h);
}

// A readout has no interface for models, whatever it answers.
const dk_initial_v1* initial_of(const Subject& subject) {
  return subject.facts().time_kind == 0 ? nullptr : subject.extension<dk_initial_v1>(DK_INITIAL_V1);
}

bool is_finite_row(const Numbers& rows, std::int64_t width, std::int64_t s) {
  return std::all_of(rows.begin() + s * width, rows.begin() + (s + 1) * width,
                     [](double value) { return std::isfinite(value); });
}

}  // namespace

std::int64_t distinct_count(const Facts& facts, std::int64_t wanted) {
  while (wanted == facts.n || wanted == facts.m || wanted == facts.p || wanted == facts.q) {
    ++wanted;
  }
  return wanted;
}

double scale_of_state(const Facts& facts, std::int64_t i) {
  const double scale = facts.state_scale != nullptr ? facts.state_scale[i] : 1.0;
  return std::isfinite(scale) && scale > 0.0 ? scale : 1.0;
}

std::pair<double, double> bounds_of(const Facts& facts, std::int64_t i) {
  const dk_block* block = block_of(facts, i);
  if (block == nullptr) fail("parameter {} belongs to no block", i);
  return {block->lower, block->upper};
}

std::string element_name(const Facts& facts, std::int32_t wrt, std::int64_t i) {
  if (wrt == DK_WRT_STATE) return fmt::format("x[{}]", i);
  if (wrt == DK_WRT_INPUT) return fmt::format("u[{}]", i);
  const dk_block* block = block_of(facts, i);
  return block == nullptr ? fmt::format("theta[{}]", i)
                          : fmt::format("{}[{}]", block->name, i - block->offset);
}

Numbers draw_numbers(dk_stream& stream, std::int64_t count) {
  Numbers numbers(static_cast<std::size_t>(count));
  draw_normal(stream, numbers);
  return numbers;
}

Numbers initial_theta(const Subject& subject) {
  const Facts& facts = subject.facts();
  dk_stream stream = subject.context().stream("initial parameters");
  Numbers theta = draw_numbers(stream, facts.p);
  for (double& value : theta) value *= 0.3;
  if (const auto* initial = initial_of(subject)) {
    dk_error error{};
    expect_ok(initial->parameters(subject.model(), &subject.host(), &stream, theta.data(), &error),
              error, "initial parameters");
  }
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const auto [lower, upper] = bounds_of(facts, static_cast<std::int64_t>(i));
    theta[i] = std::clamp(theta[i], lower, upper);
  }
  return theta;
}

Numbers typical_state(const Subject& subject, dk_stream& stream, const Numbers& theta) {
  const Facts& facts = subject.facts();
  Numbers x = draw_numbers(stream, facts.n);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] *= 0.5 * scale_of_state(facts, static_cast<std::int64_t>(i));
  }
  if (const auto* initial = initial_of(subject)) {
    dk_error error{};
    expect_ok(
        initial->state(subject.model(), &subject.host(), &stream, theta.data(), x.data(), &error),
        error, "initial state");
  }
  return x;
}

Batch draw_points(const Subject& subject, std::int64_t S, std::string_view name, bool one_theta) {
  const Facts& facts = subject.facts();
  const auto size = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  dk_stream stream = subject.context().stream(name);
  const Numbers initial = initial_theta(subject);
  Batch batch;
  batch.S = S;
  batch.one_theta = one_theta;
  batch.t.resize(size(S));
  if (facts.has(DK_USES_STEP)) batch.h.resize(size(S));
  batch.x.resize(size(S * facts.n));
  batch.u.resize(size(S * facts.m));
  batch.theta = one_theta ? near_theta(subject, stream, initial) : Numbers(size(S * facts.p));
  for (std::int64_t s = 0; s < S; ++s) draw_sample(subject, stream, initial, batch, s);

  std::int64_t outside = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Numbers values = Caller(subject, batch).eval();
    outside = 0;
    for (std::int64_t s = 0; s < S; ++s) {
      if (is_finite_row(values, facts.q, s)) continue;
      ++outside;
      draw_sample(subject, stream, initial, batch, s);
    }
    if (outside == 0) return batch;
  }
  fail("{} of {} random points near typical states give no finite value, {} times in a row",
       outside, S, kRounds);
}

Directions draw_directions(const Subject& subject, std::int64_t S, std::int64_t K,
                           std::string_view name) {
  const Facts& facts = subject.facts();
  dk_stream stream = subject.context().stream(name);
  return {K, draw_numbers(stream, S * K * facts.n), draw_numbers(stream, S * K * facts.m),
          draw_numbers(stream, S * K * facts.p), false};
}

}  // namespace dynkit::conformance
