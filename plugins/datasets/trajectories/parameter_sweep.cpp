#include "parameter_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "dynkit/error.hpp"
#include "dynkit/trials.hpp"
#include "dynkit/with_parameters.h"
#include "results.hpp"

namespace dynkit::trajectories {
namespace {

constexpr const char* kSizeSettings = "'values', 'initial', 'starts' and 'samples'";

std::vector<double> list_of(const Settings& settings, const char* name) {
  const auto numbers = settings.numbers(name);
  return {numbers.begin(), numbers.end()};
}

std::int64_t block_size(const dk_block& block) {
  std::int64_t size = 1;
  for (std::int32_t axis = 0; axis < block.rank; ++axis) size *= block.shape[axis];
  return size;
}

}  // namespace

struct ParameterSweep::Family {
  const dk_system* system;
  std::vector<double> theta, u;           // [p], [m]
  std::int64_t in_theta = -1, in_u = -1;  // where the parameter is, -1: not there
  const dk_block* block = nullptr;

  Family at(double value) const {
    Family member = *this;
    if (in_theta >= 0) member.theta[static_cast<std::size_t>(in_theta)] = value;
    if (in_u >= 0) member.u[static_cast<std::size_t>(in_u)] = value;
    return member;
  }
};

ParameterSweep::ParameterSweep(const dk_host&, const Settings& settings)
    : system_(settings.given("model") ? settings.value("model").system : nullptr),
      parameter_(settings.text("parameter")),
      values_(list_of(settings, "values")),
      initial_(settings.finite_array("initial")),
      input_(settings.finite_array("input")),
      starts_(settings.integer("starts")),
      sampling_(settings),
      method_(settings.text("method")),
      rtol_(settings.number("rtol")),
      atol_(settings.number("atol")),
      center_(settings.number("center")),
      scale_(positive_number(settings, "scale")),
      train_range_(list_of(settings, "train_range")),
      validation_values_(list_of(settings, "validation_values")) {
  if (values_.empty()) throw Error(DK_SETTINGS, "setting 'values': there must be a value");
  if (!train_range_.empty() && (train_range_.size() != 2 || train_range_[0] > train_range_[1])) {
    throw Error(DK_SETTINGS, "setting 'train_range': must be empty or [lowest, highest]");
  }
  for (const double value : validation_values_) {
    if (std::find(values_.begin(), values_.end(), value) == values_.end()) {
      throw Error(DK_SETTINGS, "setting 'validation_values': " + std::to_string(value) +
                                   " is not among the values");
    }
  }
}

ParameterSweep::Family ParameterSweep::choose_family(const dk_job& job) const {
  if (system_ == nullptr && job.system_count == 0) {
    throw Error(DK_SETTINGS,
                "there is no model to simulate: give 'model', or a [model] in the run");
  }
  Family family;
  family.system = system_ != nullptr ? system_ : job.systems[0];
  const dk_model_info& info = *family.system->info;
  family.theta.assign(family.system->theta, family.system->theta + info.p);
  family.u.assign(static_cast<std::size_t>(info.m), 0.0);
  if (input_.given) {
    if (input_.shape != std::vector<std::int64_t>{info.m}) {
      throw Error(DK_SHAPE_MISMATCH, "setting 'input': shape " + shape_text(input_.shape) +
                                         " is not " + shape_text({info.m}));
    }
    family.u = input_.values;
  }
  std::string names;
  for (std::int64_t b = 0; b < info.block_count; ++b) {
    const dk_block& block = info.blocks[b];
    names += std::string(names.empty() ? "" : ", ") + block.name;
    const bool is_first = family.block == nullptr && block_size(block) == 1;
    if (parameter_.empty() ? is_first : parameter_ == block.name) family.block = &block;
  }
  for (std::int64_t j = 0; j < info.m && info.input_names != nullptr; ++j) {
    names += std::string(names.empty() ? "" : ", ") + info.input_names[j];
    if (family.block == nullptr && parameter_ == info.input_names[j]) family.in_u = j;
  }
  if (family.block != nullptr) {
    const std::int64_t size = block_size(*family.block);
    if (size != 1) {
      throw Error(DK_SETTINGS, "setting 'parameter': " + parameter_ + " has " +
                                   std::to_string(size) + " numbers, one can be swept");
    }
    family.in_theta = family.block->offset;
  }
  if (family.in_theta < 0 && family.in_u < 0) {
    throw Error(DK_SETTINGS, "setting 'parameter': " + std::string(family.system->component) +
                                 " has no parameter or input '" + parameter_ +
                                 "'; there are: " + (names.empty() ? "none" : names));
  }
  for (const double value : values_) {
    if (family.block == nullptr) break;
    if (value >= family.block->lower && value <= family.block->upper) continue;
    throw Error(DK_SETTINGS, "setting 'values': " + std::to_string(value) +
                                 " is outside of the bounds of " + family.block->name);
  }
  return family;
}

std::vector<double> ParameterSweep::initial_states(const dk_job& job,
                                                   const dk_system& system) const {
  const std::int64_t n = system.info->n;
  if (initial_.given) {
    const bool one = initial_.shape == std::vector<std::int64_t>{n};
    const bool several =
        initial_.shape.size() == 2 && initial_.shape[0] > 0 && initial_.shape[1] == n;
    if (one || several) return initial_.values;
    throw Error(DK_SHAPE_MISMATCH, "setting 'initial': shape " + shape_text(initial_.shape) +
                                       " is neither " + shape_text({n}) + " nor [count," +
                                       std::to_string(n) + "]");
  }
  std::vector<double> states(array_size(starts_, n, 1, kSizeSettings));
  for (std::int64_t i = 0; i < starts_; ++i) {
    dk_stream stream;
    job.host->split(job.host, job.stream, i, &stream);
    call(system.typical_state, &system, &stream, &states[static_cast<std::size_t>(i * n)]);
  }
  return states;
}

// Fills rows [S,rows,n] and the outcomes, value by value.
void ParameterSweep::run(const dk_job& job, const Family& family, const Grid& grid,
                         const double* initial, std::vector<double>& rows,
                         Outcomes& outcomes) const {
  const dk_system& system = *family.system;
  const auto* others =
      static_cast<const dk_with_parameters_v1*>(system.extension(&system, DK_WITH_PARAMETERS_V1));
  if (others == nullptr) throw Error(DK_UNSUPPORTED, "the host offers no other parameters");
  const std::int64_t n = system.info->n;
  const auto V = static_cast<std::int64_t>(values_.size());
  const std::int64_t starts = static_cast<std::int64_t>(outcomes.codes.size()) / V;
  const std::vector<double> times = grid.row_times();
  parallel_for(*job.host, V, 1, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
    for (std::int64_t v = begin; v < end; ++v) {
      const Family member = family.at(values_[static_cast<std::size_t>(v)]);
      dk_simulation request{};
      request.S = starts;
      request.T = grid.rows();
      request.times = times.data();
      request.x0 = {initial, n};
      request.u = {member.u.empty() ? nullptr : member.u.data(), 0};
      request.u_constant = 1;
      request.method = method_.empty() ? nullptr : method_.c_str();
      request.rtol = rtol_;
      request.atol = atol_;
      request.states = rows.data() + v * starts * grid.rows() * n;
      request.outcomes = outcomes.codes.data() + v * starts;
      request.last_times = outcomes.last_times.data() + v * starts;
      call(others->simulate, &system, member.theta.data(), &request);
    }
  });
}

std::vector<std::int64_t> ParameterSweep::split_of(std::int64_t starts) const {
  std::vector<std::int64_t> split;
  for (const double value : values_) {
    const bool trained =
        train_range_.empty() || (value >= train_range_[0] && value <= train_range_[1]);
    const bool validates = std::find(validation_values_.begin(), validation_values_.end(), value) !=
                           validation_values_.end();
    split.insert(split.end(), static_cast<std::size_t>(starts), validates ? 1 : trained ? 0 : 2);
  }
  return split;
}

void ParameterSweep::generate(const dk_job& job) const {
  const Family family = choose_family(job);
  const dk_system& system = *family.system;
  const std::int64_t n = system.info->n;
  const Grid grid = sampling_.grid(*system.info);
  const std::vector<double> initial = initial_states(job, system);
  const std::int64_t starts = static_cast<std::int64_t>(initial.size()) / n;
  const std::int64_t S = starts * static_cast<std::int64_t>(values_.size()), T = grid.samples;
  std::vector<double> rows(array_size(S, grid.rows(), n, kSizeSettings),
                           std::numeric_limits<double>::quiet_NaN());
  Outcomes outcomes(S);
  run(job, family, grid, initial.data(), rows, outcomes);
  const std::vector<Failure> failures = find_failures(outcomes, grid.row_times(), rows);

  std::vector<double> inputs, parameter;
  for (std::int64_t s = 0; s < S; ++s) {
    const double value = values_[static_cast<std::size_t>(s / starts)];
    parameter.push_back(value);
    inputs.insert(inputs.end(), static_cast<std::size_t>(T), (value - center_) / scale_);
  }
  const Sink sink(*job.sink);
  put_states(sink, grid.sample_times(), samples_of(std::move(rows), grid, S, n), system);
  sink.array("inputs", {S, T, 1}, inputs,
             {{"trial", "time", "input"}, nullptr, "the parameter, constant in each trial"});
  sink.array("parameter", {S}, parameter, {{"trial"}, nullptr, "value of the parameter"});
  sink.array("split", {S}, split_of(starts), {{"trial"}, nullptr, "0 train, 1 validation, 2 test"});
  sink.model("system", system);
  put_outcomes(job, outcomes, failures);
}

}  // namespace dynkit::trajectories
