#include "orbit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "dynkit/error.hpp"

namespace dynkit::lyapunov {
namespace {

constexpr double kPieceError = 1e-3;    // of a growth along a flow, from the integrator's tolerance
constexpr double kDrowned = 0.5;        // an error in log r that leaves no growth to measure
constexpr double kWidestSpread = 12.0;  // differences of log growths in a piece, for exact steps
constexpr double kLeastSpread = 2.0;
constexpr double kHostRtol = 1e-6;    // where none is asked for
constexpr double kRounding = 1e-15;   // of a tangent, in steps of a map
constexpr double kLostPivot = 1e-10;  // 10 of 16 digits
constexpr int kMostHalvings = 30;

// Intervals of flows below this share of the longest make no headway: the orbit goes to infinity in
// finite time, or its integrator to pieces.
constexpr double kLeastInterval = 1e-8;

// The difference of log growths to aim at. The integrator keeps the errors of a tangent below rtol
// of its length, whose part that is new to the tangents before it falls by the spread: (2).
double aimed_spread(bool is_map, std::int64_t K, double tolerance) {
  if (is_map || K == 1) return kWidestSpread;
  return std::clamp(std::log(kPieceError / tolerance), kLeastSpread, kWidestSpread);
}

// epsilon of (2).
double tangent_error(bool is_map, double rtol) {
  if (is_map) return kRounding;
  return rtol > 0.0 ? rtol : kHostRtol;
}

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return buffer;
}

bool is_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

Orbit::Orbit(const dk_system& system, std::vector<double> x, std::vector<double> V,
             std::vector<double> u, const OrbitOptions& options)
    : system_(&system),
      x_(std::move(x)),
      V_(std::move(V)),
      x_before_(x_),
      V_before_(V_),
      u_(std::move(u)),
      growths_(V_.size() / x_.size()),
      options_(options),
      gram_schmidt_(static_cast<std::int64_t>(growths_.size()), system.info->n),
      K_(static_cast<std::int64_t>(growths_.size())),
      is_map_(system.info->time_kind == DK_MAP),
      tangent_error_(tangent_error(is_map_, options.integration.rtol)),
      spread_(aimed_spread(is_map_, K_, tangent_error_)),
      repeated_pivot_(is_map_ ? kLostPivot : std::exp(-spread_) / 50.0),
      interval_(options.interval > 0.0 ? options.interval : first_interval()) {
  gram_schmidt_.orthonormalize(V_.data(), growths_.data());
}

// Rates differ by at most 2 |J|. Where nothing moves, as long as allowed.
double Orbit::first_interval() const {
  if (is_map_) return 1.0;
  const std::int64_t n = system_->info->n;
  std::vector<double> J(static_cast<std::size_t>(n * n));
  dk_points points{};
  points.count = 1;
  points.t = {&t_, 1};
  points.x = {x_.data(), n};
  if (!u_.empty()) points.u = {u_.data(), 0};
  const dk_matrices matrices{J.data(), n * n, n};
  dk_error error{};
  const dk_status status = system_->jacobian(system_, &points, DK_WRT_STATE, &matrices, &error);
  if (status < 0) check(status, error);
  double square = 0.0;
  for (const double value : J) square += value * value;
  const double interval = 0.5 / std::sqrt(square);
  return std::isfinite(interval) ? std::min(interval, options_.longest) : options_.longest;
}

// Equal pieces of at most one interval; whole steps of a map.
double Orbit::cut(double remaining) const {
  const double pieces = std::max(1.0, std::ceil(remaining / interval_ - 1e-9));
  return is_map_ ? std::ceil(remaining / pieces) : remaining / pieces;
}

bool Orbit::propagate(double span) {
  dk_error error{};
  const dk_status status =
      system_->propagate_tangent(system_, t_, t_ + span, u_.empty() ? nullptr : u_.data(),
                                 &options_.integration, x_.data(), K_, V_.data(), &error);
  if (status == DK_NUMERIC || status == DK_CANCELLED || status > 0) {
    failure_ = error.message;
    return false;
  }
  if (status != DK_OK) check(status, error);
  if (is_finite(x_) && is_finite(V_)) return true;
  failure_ = "state or tangents are not finite after time " + text(t_);
  return false;
}

bool Orbit::advance(double remaining) {
  const double shortest = is_map_ ? 1.0 : 0.0;
  if (options_.interval == 0.0 && !is_map_ && interval_ < kLeastInterval * options_.longest) {
    failure_ = "tangents grow so fast at time " + text(t_) + " that intervals of " +
               text(interval_) + " are needed: the orbit diverges, or the integrator does";
    return false;
  }
  x_before_ = x_;
  V_before_ = V_;
  for (int halvings = 0;; ++halvings) {
    span_ = std::min(cut(remaining), remaining);
    const bool can_halve = options_.interval == 0.0 && span_ > shortest && halvings < kMostHalvings;
    const bool is_carried = propagate(span_);
    double pivot = 0.0;
    if (is_carried) pivot = gram_schmidt_.orthonormalize(V_.data(), growths_.data());
    if (is_carried && (pivot >= repeated_pivot_ || !can_halve)) {
      record(pivot);
      break;
    }
    // A trajectory that ends does so in shorter pieces too: three attempts tell.
    if (!can_halve || (!is_carried && halvings >= 3)) return false;
    x_ = x_before_;
    V_ = V_before_;
    interval_ = is_map_ ? std::ceil(span_ / 2.0) : span_ / 2.0;
  }
  failure_.clear();
  t_ += span_;
  if (options_.interval == 0.0) adapt();
  return true;
}

// A map may end a direction within a step: that growth of minus infinity is exact. Over several
// steps it may be no more than the end of all digits.
void Orbit::record(double pivot) {
  worst_pivot_ = std::min(worst_pivot_, pivot);
  ++orthonormalizations_;
  const bool is_exact = is_map_ && span_ <= 1.0;
  if (!is_exact && tangent_error_ > kDrowned * pivot) ++drowned_;
}

// Lengthens or shortens the interval by at most a factor 2 toward the aimed-at spread.
void Orbit::adapt() {
  double low = 0.0, high = 0.0;
  for (const double growth : growths_) {
    if (!std::isfinite(growth)) continue;
    low = std::min(low, growth);
    high = std::max(high, growth);
  }
  const double spread = high - low;
  const double longest = std::min(options_.longest, limit_);
  const double wanted = spread > 0.0 ? span_ * spread_ / spread : longest;
  interval_ = std::min(std::clamp(wanted, 0.5 * interval_, 2.0 * interval_), longest);
  if (is_map_) interval_ = std::max(1.0, std::floor(interval_));
}

}  // namespace dynkit::lyapunov
