#include "lyapunov.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "results.hpp"

namespace dynkit::lyapunov {
namespace {

// A difference between halves of the orbit beyond this many standard errors is not chance.
constexpr double kMostDrift = 5.0;

// Of the sum of all exponents, relative to the largest in size: the rule for mean traces is better.
constexpr double kMostSumError = 0.01;

// Of all pieces: more that say nothing spoil the mean.
constexpr double kMostDrowned = 0.01;

// Of flows: fewer evaluations than tsit5 at the default tolerances, and a smaller error in the sum
// of the exponents.
constexpr const char* kMethod = "dop853";

// Rounding, where a map's steps have no other error.
constexpr double kMapResolution = 1e-13;

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return buffer;
}

// What a cancelled run has of its exponents.
std::string cancelled_after(const GrowthRecord& record) {
  if (record.length() == 0.0) return "no: cancelled during the burn-in, before any exponent";
  if (record.batch_count() == 0) return "no: cancelled within the first batch";
  return "no: cancelled";
}

double largest_rate(const GrowthRecord& record, std::int64_t K) {
  double largest = 0.0;
  for (std::int64_t k = 0; k < K; ++k) {
    const double rate = std::abs(record.rate(k));
    if (std::isfinite(rate)) largest = std::max(largest, rate);
  }
  return largest;
}

// Whether the rates of all n tangents and that of volumes, quantity n, contradict each other by
// more than `rounding`. A map that ends directions has rates of minus infinity, whose sum is none.
bool is_sum_wrong(const GrowthRecord& record, std::int64_t n, double scale, double rounding) {
  double sum = 0.0;
  for (std::int64_t k = 0; k < n; ++k) sum += record.rate(k);
  if (!std::isfinite(sum) || !std::isfinite(record.rate(n))) return false;
  std::vector<double> difference(static_cast<std::size_t>(n) + 1, 1.0);
  difference.back() = -1.0;
  const double error = record.standard_error(difference);
  const double chance = std::isfinite(error) ? kMostDrift * error : 0.0;
  const double allowed = kMostSumError * scale + chance + rounding;
  return std::abs(sum - record.rate(n)) > allowed;
}

void check_size(const char* name, const std::vector<double>& values, std::int64_t size,
                const char* what) {
  if (static_cast<std::int64_t>(values.size()) == size) return;
  throw Error(DK_SETTINGS, std::string("setting '") + name + "' has " +
                               std::to_string(values.size()) + " elements, the model's " + what +
                               " has " + std::to_string(size));
}

}  // namespace

// Lengths of a run; of maps in whole steps.
struct Lyapunov::Plan {
  std::int64_t n, K;
  bool is_map;
  double batch;  // 1/64 of the length
  double length, burn_in, max_length;
  double resolution;  // relative error of a step of the tangents
};

Lyapunov::Lyapunov(const dk_host&, const Settings& settings)
    : exponents_(settings.integer("exponents")),
      initial_(settings.finite_array("initial")),
      input_(settings.finite_array("input")),
      length_(settings.number("length")),
      burn_in_(settings.given("burn_in") ? settings.number("burn_in") : 0.1 * length_),
      target_error_(settings.number("target_error")),
      max_length_(settings.number("max_length")),
      qr_interval_(settings.number("qr_interval")),
      method_(settings.text("method")),
      rtol_(settings.number("rtol")),
      atol_(settings.number("atol")),
      step_(settings.number("step")) {
  if (max_length_ > 0.0 && max_length_ < length_) {
    throw Error(DK_SETTINGS, "setting 'max_length': " + text(max_length_) +
                                 " is less than 'length', " + text(length_));
  }
}

void Lyapunov::accepts(const dk_job& job) const {
  if (job.system_count < 1) throw Error(DK_UNSUPPORTED, "needs a model");
  const dk_model_info& info = *job.systems[0]->info;
  if (exponents_ > info.n) {
    throw Error(DK_SETTINGS, "setting 'exponents': " + std::to_string(exponents_) +
                                 " is more than the model's " + std::to_string(info.n) + " states");
  }
  if (initial_.given) check_size("initial", initial_.values, info.n, "state");
  if (input_.given) check_size("input", input_.values, info.m, "input");
}

Lyapunov::Plan Lyapunov::make_plan(const dk_system& system) const {
  const dk_model_info& info = *system.info;
  Plan plan{};
  plan.n = info.n;
  plan.K = exponents_ > 0 ? exponents_ : info.n;
  plan.is_map = info.time_kind == DK_MAP;
  plan.resolution = plan.is_map ? kMapResolution : rtol_;
  plan.batch = length_ / static_cast<double>(GrowthRecord::kMostBatches);
  plan.burn_in = burn_in_;
  if (plan.is_map) {
    plan.batch = std::max(1.0, std::ceil(plan.batch));
    plan.burn_in = std::ceil(burn_in_);
  }
  plan.length = plan.batch * static_cast<double>(GrowthRecord::kMostBatches);
  plan.max_length = std::max(plan.length, max_length_ > 0.0 ? max_length_ : 100.0 * length_);
  return plan;
}

Orbit Lyapunov::make_orbit(const dk_job& job, const Plan& plan) const {
  const dk_system& system = *job.systems[0];
  dk_stream for_state, for_tangents;
  job.host->split(job.host, job.stream, 0, &for_state);
  job.host->split(job.host, job.stream, 1, &for_tangents);
  std::vector<double> x = initial_.values;
  if (!initial_.given) {
    x.resize(static_cast<std::size_t>(plan.n));
    call(system.typical_state, &system, &for_state, x.data());
  }
  // Random directions: unit vectors may be invariant and miss the leading exponent.
  std::vector<double> V(static_cast<std::size_t>(plan.K * plan.n));
  job.host->normal(job.host, &for_tangents, plan.K * plan.n, V.data());

  OrbitOptions options;
  options.integration.method = method_ == "auto" ? kMethod : method_.c_str();
  options.integration.rtol = rtol_;
  options.integration.atol = atol_;
  options.integration.step = step_;
  options.interval = plan.is_map ? std::ceil(qr_interval_) : qr_interval_;
  options.longest = plan.batch / 16.0;
  if (plan.is_map) options.longest = std::max(1.0, std::floor(options.longest));
  return Orbit(system, std::move(x), std::move(V), input_.values, options);
}

double Lyapunov::largest_error(const GrowthRecord& record, std::int64_t K) const {
  double largest = 0.0;
  for (std::int64_t k = 0; k < K; ++k) {
    if (std::isinf(record.rate(k))) continue;
    const double error = record.standard_error(k);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

// Follows the orbit; returns why it ended early, or "".
std::string Lyapunov::follow(const dk_job& job, const Plan& plan, Orbit& orbit, VolumeRate& volume,
                             GrowthRecord& record) const {
  const dk_host& host = *job.host;
  const auto check_cancelled = [&] {
    if (host.cancelled(&host) != 0) throw Error(DK_CANCELLED, "cancelled");
  };
  for (double left = plan.burn_in; left > 1e-9 * plan.burn_in; left -= orbit.span()) {
    check_cancelled();
    if (!orbit.advance(left)) {
      check_cancelled();
      return orbit.failure();
    }
  }

  // With all exponents, the rate of change of volumes as one more quantity, for the sum check.
  const bool has_volume = plan.K == plan.n;
  std::vector<double> growths(static_cast<std::size_t>(plan.K) + 1, 0.0);
  for (;;) {
    do {
      if (host.cancelled(&host) != 0 || !orbit.advance(record.to_batch_end())) {
        std::fill(growths.begin(), growths.end(), 0.0);
        growths.back() = volume.take();
        record.add(0.0, growths.data());
        check_cancelled();
        return orbit.failure();
      }
      std::copy(orbit.growths().begin(), orbit.growths().end(), growths.begin());
      if (has_volume) {
        volume.add(orbit.t() - orbit.span(), orbit.span(), orbit.start(), orbit.x());
        orbit.limit(volume.longest());
      }
      const bool ends_batch = record.to_batch_end() - orbit.span() < 1e-9 * record.batch_length();
      growths.back() = has_volume && ends_batch ? volume.take() : 0.0;
      record.add(orbit.span(), growths.data());
    } while (!record.at_batch_end());

    const double tolerance = 1e-9 * plan.length;
    const double goal = target_error_ > 0.0 ? plan.max_length : plan.length;
    host.progress(&host, std::min(1.0, record.length() / goal), "following the orbit");
    if (record.length() < plan.length - tolerance) continue;
    if (target_error_ == 0.0 || largest_error(record, plan.K) <= target_error_) return "";
    if (record.length() + record.batch_length() > plan.max_length + tolerance) return "";
  }
}

// "yes", or "no: ..." with the reason.
std::string Lyapunov::verdict(const GrowthRecord& record, const Orbit& orbit,
                              const VolumeRate& volume, const Plan& plan) const {
  const auto drowned = static_cast<double>(orbit.drowned());
  if (drowned > kMostDrowned * static_cast<double>(orbit.orthonormalizations())) {
    return "no: in " + std::to_string(orbit.drowned()) + " of " +
           std::to_string(orbit.orthonormalizations()) +
           " intervals the tangents became parallel " +
           (plan.is_map ? "within rounding: give a shorter qr_interval"
                        : "within rtol: give a shorter qr_interval or a smaller rtol");
  }
  const double error = largest_error(record, plan.K);
  if (target_error_ > 0.0 && !(error <= target_error_)) {
    return "no: a standard error is " + text(error) + " after a length of " +
           text(record.length()) + ", " + text(target_error_) + " is asked for";
  }
  const double scale = largest_rate(record, plan.K);
  for (std::int64_t k = 0; k < plan.K; ++k) {
    // Rounding of a constant rate is not a drift.
    if (!(record.standard_error(k) > 1e-10 * scale)) continue;
    if (std::abs(record.drift(k)) > kMostDrift) {
      return "no: exponent " + std::to_string(k + 1) +
             " differs between the halves of the run by more than 5 standard errors";
    }
  }
  if (plan.K == plan.n && is_sum_wrong(record, plan.n, scale, plan.resolution * volume.norm())) {
    return plan.is_map ? "no: the sum of the exponents is not the mean of log |det J| (sum_check)"
                       : "no: the sum of the exponents is not the mean trace (sum_check): the "
                         "orbit is not integrated well, give a smaller rtol or step";
  }
  return "yes";
}

void Lyapunov::run(const dk_job& job) const {
  accepts(job);
  const dk_system& system = *job.systems[0];
  const Plan plan = make_plan(system);
  Orbit orbit = make_orbit(job, plan);
  GrowthRecord record(plan.K + 1, plan.batch);
  VolumeRate volume(system, input_.values);
  const auto put = [&](const std::string& converged) {
    put_results({record, orbit, plan.K, plan.resolution, converged}, system, *job.sink);
  };
  std::string failure;
  try {
    failure = follow(job, plan, orbit, volume, record);
  } catch (const Error& error) {
    if (error.status() == DK_CANCELLED) put(cancelled_after(record));
    throw;
  }
  put(failure.empty() ? verdict(record, orbit, volume, plan) : "no: " + failure);
}

}  // namespace dynkit::lyapunov
