#include "differences.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace dynkit::conformance {
namespace {

constexpr int kLevels = 11;  // h = 2^-2 ... 2^-12
constexpr double kTolerance = 1e-7;

double step_at(int level) {
  return std::ldexp(0.25, -level);
}

// The points v + h d and v - h d for all h, in one batch: 2 kLevels copies of the samples.
Batch moved_points(const Facts& facts, const Batch& batch, const Numbers& x_dot,
                   const Numbers& u_dot, const Numbers& theta_dot) {
  Batch moved;
  moved.one_theta = batch.one_theta && theta_dot.empty();
  if (moved.one_theta) moved.theta = batch.theta;
  for (int copy = 0; copy < 2 * kLevels; ++copy) {
    const double h = (copy % 2 == 0 ? 1.0 : -1.0) * step_at(copy / 2);
    const auto append = [h](Numbers& into, const Numbers& rows, const Numbers& dot) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        into.push_back(rows[i] + (dot.empty() ? 0.0 : h * dot[i]));
      }
    };
    append(moved.x, batch.x, x_dot);
    append(moved.u, batch.u, u_dot);
    append(moved.t, batch.t, {});
    append(moved.h, batch.h, {});
    if (!moved.one_theta && !batch.one_theta) append(moved.theta, batch.theta, theta_dot);
    if (!moved.one_theta && batch.one_theta) {
      for (std::int64_t s = 0; s < batch.S; ++s) {
        const auto begin = theta_dot.begin() + s * facts.p;
        append(moved.theta, batch.theta, Numbers(begin, begin + facts.p));
      }
    }
    moved.S += batch.S;
  }
  return moved;
}

struct Estimate {
  double value = 0.0;
  double error = std::numeric_limits<double>::infinity();
};

// (2) over the differences d(h), largest step first; `rounding` is eps |F|.
Estimate extrapolate(const std::array<double, kLevels>& differences, double rounding) {
  Estimate best;
  std::array<double, kLevels> row = differences, above{};
  for (int level = 0; level < kLevels; ++level) {
    const auto at = static_cast<std::size_t>(level);
    std::array<double, kLevels> current{};
    current[0] = row[at];
    double factor = 4.0;
    for (std::size_t j = 1; j <= at; ++j, factor *= 4.0) {
      current[j] = (factor * current[j - 1] - above[j - 1]) / (factor - 1.0);
      const double error =
          std::max(std::abs(current[j] - current[j - 1]), std::abs(current[j] - above[j - 1])) +
          4.0 * rounding / step_at(level);
      if (error < best.error) best = {current[j], error};
    }
    above = current;
  }
  return best;
}

}  // namespace

Slopes slopes_along(const Subject& subject, const Batch& batch, const Numbers& x_dot,
                    const Numbers& u_dot, const Numbers& theta_dot) {
  const std::int64_t q = subject.facts().q;
  Form form;
  form.may_refuse = true;
  const Numbers values =
      Caller(subject, moved_points(subject.facts(), batch, x_dot, u_dot, theta_dot), form).eval();
  const auto size = static_cast<std::size_t>(batch.S * q);
  Slopes slopes{Numbers(size), Numbers(size)};
  for (std::size_t i = 0; i < size; ++i) {
    std::array<double, kLevels> differences{};
    double magnitude = 0.0;
    for (std::size_t level = 0; level < kLevels; ++level) {
      const double up = values[2 * level * size + i], down = values[(2 * level + 1) * size + i];
      differences[level] = (up - down) / (2.0 * step_at(static_cast<int>(level)));
      if (std::isfinite(up)) magnitude = std::max(magnitude, std::abs(up));
    }
    const Estimate best =
        extrapolate(differences, std::numeric_limits<double>::epsilon() * magnitude);
    slopes.values[i] = best.value;
    slopes.errors[i] = best.error;
  }
  return slopes;
}

void SlopeComparison::add(const std::string& what, const Numbers& found, const Slopes& slopes) {
  const auto q = static_cast<std::size_t>(subject_.facts().q);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t row = i / q * q;
    double scale = 0.0;
    for (std::size_t k = row; k < row + q; ++k) {
      scale = std::max({scale, std::abs(found[k]), std::abs(slopes.values[k])});
    }
    ++compared_;
    // Beside a kink, or too close to the edge of the domain, differences tell nothing.
    if (!(slopes.errors[i] <= 1e-3 * std::max(scale, 1e-6))) {
      ++unsettled_;
      continue;
    }
    const double allowed = kTolerance * scale + 5.0 * slopes.errors[i];
    const double difference = std::abs(found[i] - slopes.values[i]);
    if (difference <= allowed) continue;
    fail(
        "{}: component {} of sample {} is {:.15g}, differences give {:.15g}: they differ by "
        "{:.3g}, {:.3g} is allowed",
        what, i % q, i / q, found[i], slopes.values[i], difference, allowed);
  }
}

void SlopeComparison::finish() const {
  const bool is_smooth = !subject_.facts().has(DK_NOT_SMOOTH);
  const std::int64_t most = is_smooth ? compared_ / 10 : compared_ * 3 / 4;
  if (unsettled_ <= most) return;
  fail("{} of {} differences do not settle as the step falls: {}", unsettled_, compared_,
       is_smooth ? "a model whose derivatives jump declares DK_NOT_SMOOTH"
                 : "too many kinks to compare with");
}

}  // namespace dynkit::conformance
