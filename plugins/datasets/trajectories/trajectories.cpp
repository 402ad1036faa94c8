#include "trajectories.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "dynkit/error.hpp"
#include "dynkit/trials.hpp"
#include "results.hpp"

namespace dynkit::trajectories {
namespace {

// Branches of the job's stream.
constexpr std::int64_t kInitialBranch = 0, kNoiseBranch = 1, kObservationBranch = 2;

// 0 leaves the choice to the host.
double number_or_zero(const Settings& settings, const char* name) {
  return settings.given(name) ? settings.number(name) : 0.0;
}

// The first given setting of a solver, which maps do without.
std::string given_for_flows(const Settings& settings) {
  if (!settings.text("method").empty()) return "method";
  for (const char* name : {"rtol", "atol", "step"}) {
    if (settings.given(name)) return name;
  }
  return {};
}

std::size_t product(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
  return array_size(a, b, c, "'trials' and 'samples'");
}

}  // namespace

Trajectories::Trajectories(const dk_host&, const Settings& settings)
    : system_(settings.given("model") ? settings.value("model").system : nullptr),
      trials_(settings.integer("trials")),
      sampling_(settings),
      spread_(settings.number("spread")),
      observation_noise_(settings.number("observation_noise")),
      rtol_(number_or_zero(settings, "rtol")),
      atol_(number_or_zero(settings, "atol")),
      step_(number_or_zero(settings, "step")),
      validation_(settings.number("validation")),
      test_(settings.number("test")),
      noise_(settings.boolean("noise")),
      method_(settings.text("method")),
      for_flows_(given_for_flows(settings)),
      initial_(settings.finite_array("initial")),
      input_(settings.finite_array("input")) {
  check_shares(validation_, test_);
}

const dk_system& Trajectories::choose_system(const dk_job& job) const {
  if (system_ == nullptr && job.system_count == 0) {
    throw Error(DK_SETTINGS,
                "there is no model to simulate: give 'model', or a [model] in the run");
  }
  const dk_system& system = system_ != nullptr ? *system_ : *job.systems[0];
  if (system.info->time_kind == DK_MAP && !for_flows_.empty()) {
    throw Error(DK_SETTINGS, "setting '" + for_flows_ + "': " + system.component +
                                 " is a map, which takes no method, tolerance or step of a solver");
  }
  return system;
}

// [S,n]
std::vector<double> Trajectories::initial_states(const dk_job& job, const dk_system& system) const {
  const std::int64_t n = system.info->n;
  const bool one = initial_.shape == std::vector<std::int64_t>{n};
  const bool each = initial_.shape == std::vector<std::int64_t>{trials_, n};
  if (initial_.given && !one && !each) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'initial': shape " + shape_text(initial_.shape) +
                                       " is neither " + shape_text({n}) + " nor " +
                                       shape_text({trials_, n}));
  }
  std::vector<double> x(product(trials_, n));
  dk_stream branch;
  job.host->split(job.host, job.stream, kInitialBranch, &branch);
  for (std::int64_t s = 0; s < trials_; ++s) {
    double* row = &x[static_cast<std::size_t>(s * n)];
    dk_stream own;
    job.host->split(job.host, &branch, s, &own);
    if (!initial_.given) {
      call(system.typical_state, &system, &own, row);
    } else {
      const auto first = initial_.values.begin() + (each ? s * n : 0);
      std::copy(first, first + n, row);
    }
    if (spread_ > 0.0) {
      std::vector<double> noise(static_cast<std::size_t>(n));
      job.host->normal(job.host, &own, n, noise.data());
      for (std::int64_t i = 0; i < n; ++i) row[i] += spread_ * noise[static_cast<std::size_t>(i)];
    }
  }
  return x;
}

// [S,T,m], or empty where the model has no input.
std::vector<double> Trajectories::input_of(const dk_system& system, std::int64_t samples) const {
  const std::int64_t m = system.info->m;
  std::vector<double> inputs(product(trials_, samples, m));
  if (!input_.given) return inputs;
  const bool constant = input_.shape == std::vector<std::int64_t>{m};
  const bool per_trial = input_.shape == std::vector<std::int64_t>{trials_, m};
  const bool full = input_.shape == std::vector<std::int64_t>{trials_, samples, m};
  if (m == 0 || (!constant && !per_trial && !full)) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'input': shape " + shape_text(input_.shape) +
                                       " is none of " + shape_text({m}) + ", " +
                                       shape_text({trials_, m}) + ", " +
                                       shape_text({trials_, samples, m}));
  }
  for (std::int64_t s = 0; s < trials_; ++s) {
    for (std::int64_t k = 0; k < samples; ++k) {
      const std::int64_t from = full ? (s * samples + k) * m : per_trial ? s * m : 0;
      std::copy_n(input_.values.begin() + from, m, inputs.begin() + (s * samples + k) * m);
    }
  }
  return inputs;
}

// States of all rows [S,rows,n]. During the burn-in the first input acts, between samples the last.
std::vector<double> Trajectories::simulate(const dk_job& job, const dk_system& system,
                                           const Grid& grid, const std::vector<double>& inputs,
                                           Outcomes& outcomes) const {
  const std::int64_t n = system.info->n, m = system.info->m, rows = grid.rows();
  std::vector<double> driven(product(trials_, rows, m));
  for (std::int64_t s = 0; m > 0 && s < trials_; ++s) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t k = std::max<std::int64_t>(0, row - grid.skipped) / grid.stride;
      std::copy_n(inputs.begin() + (s * grid.samples + k) * m, m,
                  driven.begin() + (s * rows + row) * m);
    }
  }
  const std::vector<double> x0 = initial_states(job, system), times = grid.row_times();
  std::vector<double> states(product(trials_, rows, n));
  dk_stream noise_stream;
  job.host->split(job.host, job.stream, kNoiseBranch, &noise_stream);
  dk_simulation request{};
  request.S = trials_;
  request.T = rows;
  request.times = times.data();
  request.x0 = {x0.data(), n};
  request.u = {m > 0 ? driven.data() : nullptr, rows * m};
  request.noise = noise_ ? 1 : 0;
  request.method = method_.empty() ? nullptr : method_.c_str();
  request.rtol = rtol_;
  request.atol = atol_;
  request.step = step_;
  request.stream = &noise_stream;
  request.states = states.data();
  request.outcomes = outcomes.codes.data();
  request.last_times = outcomes.last_times.data();
  call(system.simulate, &system, &request);
  return states;
}

void Trajectories::generate(const dk_job& job) const {
  const dk_system& system = choose_system(job);
  const std::int64_t n = system.info->n, m = system.info->m;
  const Grid grid = sampling_.grid(*system.info);
  const std::int64_t T = grid.samples;
  static_cast<void>(product(trials_, grid.rows(), std::max(n, m)));  // before anything is made
  const std::vector<double> inputs = input_of(system, T);
  Outcomes outcomes(trials_);
  std::vector<double> rows = simulate(job, system, grid, inputs, outcomes);
  const std::vector<Failure> failures = find_failures(outcomes, grid.row_times(), rows);
  const std::vector<double> states = samples_of(std::move(rows), grid, trials_, n);
  const Sink sink(*job.sink);
  put_states(sink, grid.sample_times(), states, system);
  if (m > 0) {
    sink.array("inputs", {trials_, T, m}, inputs,
               {{"trial", "time", "input"}, nullptr, "input from each time to the next"});
  }
  if (observation_noise_ > 0.0) put_observations(job, states, T, n);
  put_split(sink);
  sink.model("system", system);
  put_outcomes(job, outcomes, failures);
}

void Trajectories::put_observations(const dk_job& job, const std::vector<double>& states,
                                    std::int64_t samples, std::int64_t n) const {
  dk_stream stream;
  job.host->split(job.host, job.stream, kObservationBranch, &stream);
  std::vector<double> observations(states.size());
  job.host->normal(job.host, &stream, static_cast<std::int64_t>(observations.size()),
                   observations.data());
  for (std::size_t i = 0; i < states.size(); ++i) {
    observations[i] = states[i] + observation_noise_ * observations[i];
  }
  Sink(*job.sink).array(
      "observations", {trials_, samples, n}, observations,
      {{"trial", "time", "observation"}, nullptr, "states with observation noise"});
}

// Trials are independent, so the first ones may as well be the training set.
void Trajectories::put_split(const Sink& sink) const {
  std::vector<std::int64_t> split(static_cast<std::size_t>(trials_));
  const double count = static_cast<double>(trials_);
  const auto test_begin = static_cast<std::int64_t>(std::llround(count * (1.0 - test_)));
  const auto validation_begin =
      static_cast<std::int64_t>(std::llround(count * (1.0 - test_ - validation_)));
  for (std::int64_t s = 0; s < trials_; ++s) {
    split[static_cast<std::size_t>(s)] = s >= test_begin ? 2 : s >= validation_begin ? 1 : 0;
  }
  sink.array("split", {trials_}, split, {{"trial"}, nullptr, "0 train, 1 validation, 2 test"});
}

}  // namespace dynkit::trajectories
