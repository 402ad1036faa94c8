#include "spikes.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "dynkit/error.hpp"
#include "dynkit/trials.hpp"
#include "dynkit/vector_math.hpp"
#include "poisson.hpp"

namespace dynkit::spikes {
namespace {

// Branches of the job's stream.
constexpr std::int64_t kReadoutBranch = 0, kSpikeBranch = 1, kSplitBranch = 2;

// 16 GiB for one array; beyond that a typing error is likelier than a wish.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;

void check_size(const Recording& recording, std::int64_t neurons) {
  std::int64_t size = 0;
  if (__builtin_mul_overflow(recording.S * recording.T, neurons, &size) || size > kMostNumbers) {
    throw Error(DK_TOO_LARGE, "setting 'neurons': " + std::to_string(recording.S) + " x " +
                                  std::to_string(recording.T) + " x " + std::to_string(neurons) +
                                  " rates are above the limit of 2^31");
  }
}

// [n,N] with columns in the order of their first elements.
std::vector<double> sort_columns(const std::vector<double>& R, std::size_t n, std::size_t N) {
  std::vector<std::size_t> order(N);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return R[i] < R[j]; });
  std::vector<double> sorted(R.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < N; ++j) sorted[i * N + j] = R[i * N + order[j]];
  }
  return sorted;
}

// Passes an array of the dataset on, if it is there.
void pass_on(const dk_job& job, const dk_data& data, const char* name) {
  dk_array array{};
  dk_error error{};
  const dk_status status = data.find(&data, name, &array, &error);
  if (status == DK_UNSUPPORTED) return;
  check(status, error);
  call(job.sink->put_array, job.sink, name, &array);
}

double mean_of(const std::vector<std::int64_t>& counts) {
  double sum = 0.0;
  for (const std::int64_t count : counts) sum += static_cast<double>(count);
  return sum / static_cast<double>(counts.size());
}

}  // namespace

Spikes::Spikes(const dk_host&, const Settings& settings)
    : dataset_(settings.value("dataset").dataset),
      neurons_(settings.integer("neurons")),
      readout_(settings.finite_array("readout")),
      base_rate_(settings.number("base_rate")),
      validation_(settings.number("validation")),
      test_(settings.number("test")) {
  if (!std::isfinite(base_rate_) || base_rate_ > kLargestMean) {
    throw Error(DK_SETTINGS, "setting 'base_rate': " + std::to_string(base_rate_) +
                                 " events per bin are above the limit of 1e15");
  }
  check_shares(validation_, test_);
}

std::vector<double> Spikes::make_readout(const dk_job& job, std::int64_t n) const {
  if (readout_.given) {
    const std::vector<std::int64_t> needed = {n, neurons_};
    if (readout_.shape == needed) return readout_.values;
    throw Error(DK_SHAPE_MISMATCH, "setting 'readout': shape " + shape_text(readout_.shape) +
                                       " is not " + shape_text(needed) + ", states by neurons");
  }
  dk_stream stream;
  job.host->split(job.host, job.stream, kReadoutBranch, &stream);
  std::vector<double> R(static_cast<std::size_t>(n * neurons_));
  job.host->uniform(job.host, &stream, n * neurons_, R.data());
  for (double& value : R) value -= 0.5;
  return sort_columns(R, static_cast<std::size_t>(n), static_cast<std::size_t>(neurons_));
}

// Shuffled (Fisher and Yates), since trials may stand in an order that means something, such as
// pieces of one long trajectory: the parts are then alike whatever the order.
std::vector<std::int64_t> Spikes::make_split(const dk_job& job, std::int64_t S) const {
  const auto count = static_cast<double>(S);
  const auto test = std::min(S, static_cast<std::int64_t>(std::llround(count * test_)));
  const auto validation =
      std::min(S - test, static_cast<std::int64_t>(std::llround(count * validation_)));
  std::vector<std::int64_t> split(static_cast<std::size_t>(S));
  std::fill_n(split.begin(), test, 2);
  std::fill_n(split.begin() + test, validation, 1);
  dk_stream stream;
  job.host->split(job.host, job.stream, kSplitBranch, &stream);
  for (std::int64_t s = S - 1; s > 0; --s) {
    std::int64_t other = 0;
    job.host->integer(job.host, &stream, s + 1, 1, &other);
    std::swap(split[static_cast<std::size_t>(s)], split[static_cast<std::size_t>(other)]);
  }
  return split;
}

// (2); `rates` holds the activations at first.
void Spikes::fire(const dk_job& job, const Recording& recording, std::vector<double>& rates,
                  std::vector<std::int64_t>& spikes) const {
  const dk_host& host = *job.host;
  const std::int64_t row = recording.T * neurons_;
  dk_stream branch;
  host.split(&host, job.stream, kSpikeBranch, &branch);
  parallel_for(host, recording.S, 1, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
    for (std::int64_t s = begin; s < end; ++s) {
      if (host.cancelled(&host) != 0) throw Error(DK_CANCELLED, "cancelled");
      dk_stream own;
      host.split(&host, &branch, s, &own);
      PoissonStream poisson(host, own);
      for (std::int64_t i = s * row; i < (s + 1) * row; ++i) {
        double& rate = rates[static_cast<std::size_t>(i)];
        rate = base_rate_ * vector_math::exp(rate);
        if (!(rate <= kLargestMean)) {
          throw Error(DK_NUMERIC, "neuron " + std::to_string(i % neurons_) + " has the rate " +
                                      std::to_string(rate) + " in trial " + std::to_string(s) +
                                      ", above the limit of 1e15 events per bin");
        }
        spikes[static_cast<std::size_t>(i)] = poisson.draw(rate);
      }
    }
  });
}

namespace {

// The first trial as a picture, neurons from bottom to top.
void put_raster(const Sink& sink, const std::vector<std::int64_t>& spikes, std::int64_t T,
                std::int64_t N) {
  std::vector<std::int64_t> raster(static_cast<std::size_t>(N * T));
  for (std::int64_t k = 0; k < T; ++k) {
    for (std::int64_t i = 0; i < N; ++i) {
      raster[static_cast<std::size_t>(i * T + k)] = spikes[static_cast<std::size_t>(k * N + i)];
    }
  }
  std::vector<std::int64_t> neuron(static_cast<std::size_t>(N));
  std::iota(neuron.begin(), neuron.end(), std::int64_t{0});
  sink.array("raster", {N, T}, raster,
             {{"neuron", "time"}, "events per bin", "spikes of the first trial"});
  sink.array("neuron", {N}, neuron, {{"neuron"}, nullptr, "numbers of the neurons"});
  const dk_series series{"heatmap", "spikes", "time", "neuron", "raster", nullptr, nullptr};
  sink.figure({"raster", "Spikes of the first trial", "Events per bin of each neuron.", "time",
               "neuron", nullptr, 1, &series});
}

}  // namespace

void Spikes::generate(const dk_job& job) const {
  const Recording recording = read_recording(*dataset_);
  check_size(recording, neurons_);
  const std::int64_t S = recording.S, T = recording.T, n = recording.n, N = neurons_;
  const std::vector<double> R = make_readout(job, n);
  std::vector<double> rates = standardized_activations(recording, R, N);
  std::vector<std::int64_t> spikes(rates.size());
  fire(job, recording, rates, spikes);

  const Sink sink(*job.sink);
  const std::vector<double> states(recording.states, recording.states + S * T * n);
  sink.value("bin_width", recording.bin_width, "time between bins");
  sink.value("mean_count", mean_of(spikes), "events per bin and neuron");
  sink.array("time", {T}, recording.time, {{"time"}, nullptr, "times of the bins"});
  sink.array("states", {S, T, n}, states,
             {{"trial", "time", "state"}, nullptr, "states that are read out"});
  pass_on(job, *dataset_, "inputs");
  sink.array("rates", {S, T, N}, rates,
             {{"trial", "time", "neuron"}, "events per bin", "rates of the neurons"});
  sink.array("spikes", {S, T, N}, spikes,
             {{"trial", "time", "neuron"}, "events per bin", "Poisson counts with these rates"});
  put_raster(sink, spikes, T, N);
  sink.array("readout", {n, N}, R, {{"state", "neuron"}, nullptr, "from states to neurons"});
  sink.array("split", {S}, make_split(job, S),
             {{"trial"}, nullptr, "0 train, 1 validation, 2 test; shuffled"});
}

}  // namespace dynkit::spikes
