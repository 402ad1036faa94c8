#include "trajectories.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/error.hpp"
#include "results.hpp"

namespace dynkit::trajectories {
namespace {

// Branches of the job's stream.
constexpr std::int64_t kInitialBranch = 0, kNoiseBranch = 1, kObservationBranch = 2;

std::vector<std::int64_t> shape_of(const dk_value& value) {
  if (value.given == 0) return {};
  return {value.array.shape, value.array.shape + value.array.rank};
}

std::vector<double> copy(const Settings& settings, const char* name) {
  if (!settings.given(name)) return {};
  const auto numbers = settings.numbers(name);
  return {numbers.begin(), numbers.end()};
}

std::string text_of(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape)
    text += (text.empty() ? "" : ",") + std::to_string(extent);
  return "[" + text + "]";
}

constexpr double kFlowStep = 0.01;

// 16 GiB for one array; beyond that a typing error is likelier than a wish.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;

std::size_t product(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || __builtin_mul_overflow(result, c, &result) ||
      result > kMostNumbers) {
    throw Error(DK_TOO_LARGE, "settings 'trials' and 'samples': an array " + text_of({a, b, c}) +
                                  " is larger than the limit of 2^31 numbers");
  }
  return static_cast<std::size_t>(result);
}

}  // namespace

Trajectories::Trajectories(const dk_host&, const Settings& settings)
    : system_(settings.given("model") ? settings.value("model").system : nullptr),
      trials_(settings.integer("trials")),
      samples_(settings.integer("samples")),
      dt_(settings.given("dt") ? settings.number("dt") : 0.0),
      burn_in_(settings.number("burn_in")),
      spread_(settings.number("spread")),
      observation_noise_(settings.number("observation_noise")),
      rtol_(settings.number("rtol")),
      atol_(settings.number("atol")),
      step_(settings.number("step")),
      validation_(settings.number("validation")),
      test_(settings.number("test")),
      noise_(settings.boolean("noise")),
      method_(settings.text("method")),
      initial_(copy(settings, "initial")),
      input_(copy(settings, "input")),
      initial_shape_(shape_of(settings.value("initial"))),
      input_shape_(shape_of(settings.value("input"))) {
  if (settings.given("dt") && !(dt_ > 0.0)) {
    throw Error(DK_SETTINGS, "setting 'dt': must be above 0");
  }
  if (validation_ + test_ > 1.0) {
    throw Error(DK_SETTINGS, "settings 'validation' and 'test' are together more than 1");
  }
}

const dk_system& Trajectories::choose_system(const dk_job& job) const {
  if (system_ != nullptr) return *system_;
  if (job.system_count == 0) {
    throw Error(DK_SETTINGS,
                "there is no model to simulate: give 'model', or a [model] in the run");
  }
  return *job.systems[0];
}

double Trajectories::sampling_step(const dk_system& system) const {
  if (dt_ > 0.0) return dt_;
  if (system.info->time_kind == DK_FLOW) return kFlowStep;
  return system.info->step > 0.0 ? system.info->step : 1.0;
}

// Times of the samples, after those of the burn-in: for a flow one interval that ends at sample 0,
// for a map its steps.
std::vector<double> Trajectories::grid(const dk_system& system) const {
  std::int64_t skipped = burn_in_ > 0.0 ? 1 : 0;
  double interval = burn_in_;
  const double dt = sampling_step(system);
  if (system.info->time_kind == DK_MAP) {
    skipped = std::llround(burn_in_ / dt);
    interval = dt;
  }
  std::vector<double> times;
  for (std::int64_t k = skipped; k > 0; --k) times.push_back(-static_cast<double>(k) * interval);
  for (std::int64_t k = 0; k < samples_; ++k) times.push_back(static_cast<double>(k) * dt);
  return times;
}

// [S,n]
std::vector<double> Trajectories::initial_states(const dk_job& job, const dk_system& system) const {
  const std::int64_t n = system.info->n;
  const bool one = initial_shape_ == std::vector<std::int64_t>{n};
  const bool each = initial_shape_ == std::vector<std::int64_t>{trials_, n};
  if (!initial_shape_.empty() && !one && !each) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'initial': shape " + text_of(initial_shape_) +
                                       " is neither " + text_of({n}) + " nor " +
                                       text_of({trials_, n}));
  }
  std::vector<double> x(product(trials_, n));
  dk_stream branch;
  job.host->split(job.host, job.stream, kInitialBranch, &branch);
  for (std::int64_t s = 0; s < trials_; ++s) {
    double* row = &x[static_cast<std::size_t>(s * n)];
    dk_stream own;
    job.host->split(job.host, &branch, s, &own);
    if (initial_shape_.empty()) {
      call(system.typical_state, &system, &own, row);
    } else {
      const auto first = initial_.begin() + (each ? s * n : 0);
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
std::vector<double> Trajectories::input_of(const dk_system& system) const {
  const std::int64_t m = system.info->m;
  std::vector<double> inputs(product(trials_, samples_, m));
  if (input_shape_.empty()) return inputs;
  const bool constant = input_shape_ == std::vector<std::int64_t>{m};
  const bool per_trial = input_shape_ == std::vector<std::int64_t>{trials_, m};
  const bool full = input_shape_ == std::vector<std::int64_t>{trials_, samples_, m};
  if (m == 0 || (!constant && !per_trial && !full)) {
    throw Error(DK_SHAPE_MISMATCH,
                "setting 'input': shape " + text_of(input_shape_) + " is none of " + text_of({m}) +
                    ", " + text_of({trials_, m}) + ", " + text_of({trials_, samples_, m}));
  }
  for (std::int64_t s = 0; s < trials_; ++s) {
    for (std::int64_t k = 0; k < samples_; ++k) {
      const std::int64_t from = full ? (s * samples_ + k) * m : per_trial ? s * m : 0;
      std::copy_n(input_.begin() + from, m, inputs.begin() + (s * samples_ + k) * m);
    }
  }
  return inputs;
}

void Trajectories::generate(const dk_job& job) const {
  const dk_system& system = choose_system(job);
  const std::int64_t n = system.info->n, m = system.info->m;
  static_cast<void>(product(trials_, samples_, std::max(n, m)));  // refused before anything is made
  const std::vector<double> x0 = initial_states(job, system);
  const std::vector<double> inputs = input_of(system);
  const std::vector<double> times = grid(system);
  const auto rows = static_cast<std::int64_t>(times.size());
  const std::int64_t skipped = rows - samples_;

  // During the burn-in the first input acts.
  std::vector<double> driven;
  for (std::int64_t s = 0; m > 0 && s < trials_; ++s) {
    const auto first = inputs.begin() + s * samples_ * m;
    for (std::int64_t k = 0; k < skipped; ++k) driven.insert(driven.end(), first, first + m);
    driven.insert(driven.end(), first, first + samples_ * m);
  }

  std::vector<double> states(product(trials_, rows, n));
  std::vector<std::int32_t> outcomes(static_cast<std::size_t>(trials_));
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
  request.outcomes = outcomes.data();
  call(system.simulate, &system, &request);

  std::vector<double> kept(product(trials_, samples_, n));
  for (std::int64_t s = 0; s < trials_; ++s) {
    const auto first = states.begin() + (s * rows + skipped) * n;
    std::copy(first, first + samples_ * n, kept.begin() + s * samples_ * n);
  }
  const auto failed = std::count_if(outcomes.begin(), outcomes.end(),
                                    [](std::int32_t outcome) { return outcome != DK_REACHED_END; });
  const Sink sink(*job.sink);
  sink.value("failed", static_cast<std::int64_t>(failed),
             "trajectories that did not reach the end; NaN from there on");
  put_states(sink, {times.data() + skipped, static_cast<std::size_t>(samples_)}, kept, system);
  if (m > 0) {
    sink.array("inputs", {trials_, samples_, m}, inputs,
               {{"trial", "time", "input"}, nullptr, "input from each time to the next"});
  }
  if (observation_noise_ > 0.0) put_observations(job, kept, n);
  put_split(sink);
  sink.model("system", system);
}

void Trajectories::put_observations(const dk_job& job, const std::vector<double>& states,
                                    std::int64_t n) const {
  dk_stream stream;
  job.host->split(job.host, job.stream, kObservationBranch, &stream);
  std::vector<double> observations(states.size());
  job.host->normal(job.host, &stream, static_cast<std::int64_t>(observations.size()),
                   observations.data());
  for (std::size_t i = 0; i < states.size(); ++i) {
    observations[i] = states[i] + observation_noise_ * observations[i];
  }
  Sink(*job.sink).array(
      "observations", {trials_, samples_, n}, observations,
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
