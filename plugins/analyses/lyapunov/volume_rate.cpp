#include "volume_rate.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/error.hpp"

namespace dynkit::lyapunov {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Jacobians that are held at once: 64, or fewer where they would take more than 8 MiB.
std::size_t capacity_for(std::int64_t n) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>((1 << 20) / (n * n), 2, 64));
}

// Of a difference along the orbit, relative to a piece: its error is the square of that, while a
// kink of the field within it counts for the more the smaller it is.
constexpr double kDistance = 1e-2;

// Of the correction in (1), relative to the mean norm of J: the trace may vanish.
constexpr double kLargestCorrection = 0.01;

// A piece beside a kink of the field has a correction without meaning, so lengths fall slowly.
constexpr double kLeastShare = 0.25;

double log_determinant(const double* J, std::int64_t n) {
  const Eigen::Map<const Eigen::MatrixXd> matrix(J, n, n);  // transposed: the same determinant
  return Eigen::PartialPivLU<Eigen::MatrixXd>(matrix)
      .matrixLU()
      .diagonal()
      .cwiseAbs()
      .array()
      .log()
      .sum();
}

}  // namespace

VolumeRate::VolumeRate(const dk_system& system, std::vector<double> u)
    : system_(&system),
      u_(std::move(u)),
      step_(std::isfinite(system.info->step) ? system.info->step : 1.0),
      capacity_(capacity_for(system.info->n)),
      J_(capacity_ * static_cast<std::size_t>(system.info->n * system.info->n)) {}

void VolumeRate::add(double t0, double span, const std::vector<double>& x0,
                     const std::vector<double>& x1) {
  times_.push_back(t0);
  spans_.push_back(span);
  states_.insert(states_.end(), x0.begin(), x0.end());
  ends_.insert(ends_.end(), x1.begin(), x1.end());
  // A flow's pieces need one Jacobian more than there are pieces.
  if (times_.size() + 1 == capacity_) flush();
}

double VolumeRate::take() {
  flush();
  const double sum = sum_;
  sum_ = 0.0;
  return sum;
}

void VolumeRate::flush() {
  if (times_.empty()) return;
  if (system_->info->time_kind == DK_FLOW) {
    flush_flow();
  } else {
    flush_map();
  }
  times_.clear();
  spans_.clear();
  states_.clear();
  ends_.clear();
}

dk_points VolumeRate::points(const double* t, const double* x, std::int64_t count) const {
  dk_points points{};
  points.count = count;
  points.t = {t, 1};
  points.x = {x, system_->info->n};
  if (!u_.empty()) points.u = {u_.data(), 0};
  return points;
}

void VolumeRate::differentiate(const double* t, const double* x, std::int64_t count) {
  const std::int64_t n = system_->info->n;
  const dk_points at = points(t, x, count);
  const dk_matrices J{J_.data(), n * n, n};
  dk_error error{};
  const dk_status status = system_->jacobian(system_, &at, DK_WRT_STATE, &J, &error);
  if (status < 0) check(status, error);
  if (status > 0) std::fill(J_.begin(), J_.end(), kNan);
}

std::vector<double> VolumeRate::traces(const std::vector<double>& t, const std::vector<double>& x) {
  const std::int64_t n = system_->info->n;
  differentiate(t.data(), x.data(), static_cast<std::int64_t>(t.size()));
  std::vector<double> result(t.size(), 0.0);
  const double* J = J_.data();
  for (double& trace : result) {
    for (std::int64_t k = 0; k < n; ++k) trace += J[k * n + k];
    J += n * n;
  }
  return result;
}

// Of the Jacobians that were taken last.
double VolumeRate::mean_norm(std::size_t count) const {
  const auto size = static_cast<std::size_t>(system_->info->n * system_->info->n);
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    double square = 0.0;
    for (std::size_t k = i * size; k < (i + 1) * size; ++k) square += J_[k] * J_[k];
    sum += std::sqrt(square);
  }
  return sum / static_cast<double>(count);
}

// d tr J / dt along the orbit by central differences, at distances `eps` from the nodes.
std::vector<double> VolumeRate::slopes(const std::vector<double>& eps) {
  const auto n = static_cast<std::size_t>(system_->info->n);
  std::vector<double> dx(states_.size());
  const dk_points at = points(times_.data(), states_.data(), static_cast<std::int64_t>(eps.size()));
  const dk_output out{dx.data(), system_->info->n};
  dk_error error{};
  const dk_status status = system_->eval(system_, &at, &out, &error);
  if (status < 0) check(status, error);
  if (status > 0) std::fill(dx.begin(), dx.end(), kNan);
  const auto moved = [&](double sign) {
    std::vector<double> t = times_, x = states_;
    for (std::size_t i = 0; i < t.size(); ++i) {
      t[i] += sign * eps[i];
      for (std::size_t k = i * n; k < (i + 1) * n; ++k) x[k] += sign * eps[i] * dx[k];
    }
    return traces(t, x);
  };
  std::vector<double> slope = moved(1.0);
  const std::vector<double> before = moved(-1.0);
  for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = (slope[i] - before[i]) / (2.0 * eps[i]);
  return slope;
}

// Each piece begins where the one before it ended.
void VolumeRate::flush_flow() {
  const std::size_t count = times_.size();
  states_.insert(states_.end(), ends_.end() - system_->info->n, ends_.end());
  times_.push_back(times_.back() + spans_.back());
  std::vector<double> eps(count + 1, kDistance * spans_.back());
  for (std::size_t i = 0; i < count; ++i) eps[i] = kDistance * spans_[i];
  const std::vector<double> trace = traces(times_, states_);
  const double size = norm_ = mean_norm(count + 1);
  const std::vector<double> slope = slopes(eps);
  longest_ = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < count; ++i) {
    const double h = spans_[i], correction = h / 12.0 * (slope[i] - slope[i + 1]);
    sum_ += h * (0.5 * (trace[i] + trace[i + 1]) + correction);
    if (correction == 0.0) continue;  // as where J vanishes
    const double share = std::sqrt(kLargestCorrection * size / std::abs(correction));
    const double allowed = h * std::max(kLeastShare, share);
    if (allowed < longest_) longest_ = allowed;  // not for NaN
  }
}

// All pieces step by step at once; those that have ended go on, uncounted.
void VolumeRate::flush_map() {
  const std::int64_t n = system_->info->n;
  const std::size_t count = times_.size();
  const auto S = static_cast<std::int64_t>(count);
  const double steps = *std::max_element(spans_.begin(), spans_.end());
  for (double& t : times_) t *= step_;
  for (double step = 0.0; step < steps; step += 1.0) {
    differentiate(times_.data(), states_.data(), S);
    for (std::size_t i = 0; i < count; ++i) {
      if (step < spans_[i]) {
        sum_ += log_determinant(J_.data() + static_cast<std::int64_t>(i) * n * n, n);
      }
      times_[i] += step_;
    }
    if (step + 1.0 >= steps) break;
    const dk_points at = points(times_.data(), states_.data(), S);
    const dk_output next{ends_.data(), n};
    dk_error error{};
    const dk_status status = system_->eval(system_, &at, &next, &error);
    if (status < 0) check(status, error);
    if (status > 0) std::fill(ends_.begin(), ends_.end(), kNan);
    std::swap(states_, ends_);
  }
}

}  // namespace dynkit::lyapunov
