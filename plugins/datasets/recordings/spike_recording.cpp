#include "spike_recording.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/error.hpp"
#include "dynkit/trials.hpp"

namespace dynkit::recordings {
namespace {

// The number of the unit of each spike, [spike]. Throws Error (DK_SETTINGS, DK_SHAPE_MISMATCH).
std::vector<std::int64_t> read_units(const Settings& settings, std::int64_t spikes) {
  std::vector<std::int64_t> units(static_cast<std::size_t>(spikes));
  const NumberArray given = settings.finite_array("units"), ends = settings.finite_array("ends");
  if (given.given && ends.given) {
    throw Error(DK_SETTINGS, "settings 'units' and 'ends': give one of them");
  }
  if (given.given && given.shape != std::vector<std::int64_t>{spikes}) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'units': shape " + shape_text(given.shape) +
                                       " is not " + shape_text({spikes}) + ", one for each spike");
  }
  for (std::size_t i = 0; i < given.values.size(); ++i) {
    const double unit = given.values[i];
    if (!(unit >= 0.0 && unit <= 1e9) || unit != std::floor(unit)) {
      throw Error(DK_SETTINGS, "setting 'units': element " + std::to_string(i) + " is " +
                                   std::to_string(unit) + ", not a number of a unit");
    }
    units[i] = static_cast<std::int64_t>(unit);
  }
  double begin = 0.0;
  for (std::size_t unit = 0; unit < ends.values.size(); ++unit) {
    const double end = ends.values[unit];
    if (!(end >= begin && end <= static_cast<double>(spikes)) || end != std::floor(end)) {
      throw Error(DK_SETTINGS, "setting 'ends': element " + std::to_string(unit) + " is " +
                                   std::to_string(end) +
                                   ", not a whole number from the one before to that of spikes, " +
                                   std::to_string(spikes));
    }
    std::fill(units.begin() + static_cast<std::ptrdiff_t>(begin),
              units.begin() + static_cast<std::ptrdiff_t>(end), static_cast<std::int64_t>(unit));
    begin = end;
  }
  if (ends.given && begin != static_cast<double>(spikes)) {
    throw Error(DK_SETTINGS, "setting 'ends': the last is " + std::to_string(begin) + ", not " +
                                 std::to_string(spikes) + ", the number of spikes");
  }
  return units;
}

std::int64_t unit_count(const Settings& settings, const std::vector<std::int64_t>& units) {
  const auto last = std::max_element(units.begin(), units.end());
  const auto ends = settings.given("ends") ? settings.array("ends").values.size() : 0;
  return std::max(*last + 1, static_cast<std::int64_t>(ends));
}

struct Bins {
  double start, width;
  std::int64_t count;

  Bins(const Settings& settings, const std::vector<double>& times)
      : width(positive_number(settings, "bin_width")) {
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    start = settings.given("start") ? settings.number("start") : *first;
    // A hair, so that rounding does not lose a bin that ends with the recording.
    const double bins = settings.given("stop")
                            ? std::floor((settings.number("stop") - start) / width + 1e-9)
                            : std::floor((*last - start) / width) + 1.0;
    if (!(bins >= 1.0 && bins < 1e12)) {
      throw Error(DK_SETTINGS,
                  "settings 'start', 'stop' and 'bin_width': there must be a whole bin or more, "
                  "and fewer than 1e12");
    }
    count = static_cast<std::int64_t>(bins);
  }

  /// The bin of a time, -1: none.
  std::int64_t find(double time) const {
    const double bin = std::floor((time - start) / width);
    return bin >= 0.0 && bin < static_cast<double>(count) ? static_cast<std::int64_t>(bin) : -1;
  }
};

}  // namespace

SpikeRecording::SpikeRecording(const dk_host&, const Settings& settings) : preparation_(settings) {
  const NumberArray spikes = settings.finite_array("spike_times");
  if (spikes.shape.size() != 1 || spikes.values.empty()) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'spike_times': shape " + shape_text(spikes.shape) +
                                       " is not [spike], with a spike or more");
  }
  const std::vector<std::int64_t> unit_of = read_units(settings, spikes.shape[0]);
  const Bins bins(settings, spikes.values);
  const std::int64_t all = unit_count(settings, unit_of);
  static_cast<void>(array_size(all, 1, 1, "'units' and 'ends'"));
  std::vector<std::int64_t> spikes_of(static_cast<std::size_t>(all));
  for (std::size_t i = 0; i < unit_of.size(); ++i) {
    if (bins.find(spikes.values[i]) >= 0) ++spikes_of[static_cast<std::size_t>(unit_of[i])];
  }
  std::vector<std::int64_t> column(spikes_of.size(), -1);
  for (std::int64_t unit = 0; unit < all; ++unit) {
    if (spikes_of[static_cast<std::size_t>(unit)] < settings.integer("least_spikes")) continue;
    column[static_cast<std::size_t>(unit)] = static_cast<std::int64_t>(units_.size());
    units_.push_back(unit);
  }
  if (units_.empty()) {
    throw Error(DK_SETTINGS, "setting 'least_spikes': no unit has as many as " +
                                 std::to_string(settings.integer("least_spikes")));
  }

  counts_.L = bins.count;
  counts_.C = static_cast<std::int64_t>(units_.size());
  counts_.begin = bins.start;
  counts_.dt = bins.width;
  counts_.values.resize(
      array_size(1, counts_.L, counts_.C, "'start', 'stop', 'bin_width', 'units' and 'ends'"));
  for (std::size_t i = 0; i < unit_of.size(); ++i) {
    const std::int64_t bin = bins.find(spikes.values[i]);
    const std::int64_t to = column[static_cast<std::size_t>(unit_of[i])];
    if (bin >= 0 && to >= 0) ++counts_.values[static_cast<std::size_t>(bin * counts_.C + to)];
  }
}

void SpikeRecording::generate(const dk_job& job) const {
  const Prepared prepared = preparation_.prepare(counts_);
  const Sink sink(*job.sink);
  const auto S = static_cast<std::int64_t>(prepared.windows.size());
  const std::vector<std::int64_t> shape = {S, prepared.T, counts_.C};
  const std::vector<double> counts = windowed(prepared, counts_);
  const std::vector<std::int64_t> spikes(counts.begin(), counts.end());
  sink.value("bin_width", counts_.dt, "time between bins");
  sink.array("spikes", shape, spikes,
             {{"trial", "time", "neuron"}, "events per bin", "counts of the spikes"});
  if (preparation_.smooths()) {
    sink.array("rates", shape, windowed(prepared, prepared.smoothed),
               {{"trial", "time", "neuron"}, "events per bin", "counts, smoothed"});
  }
  sink.array("unit", {counts_.C}, units_, {{"neuron"}, nullptr, "number of the unit"});
  preparation_.put(sink, prepared);
}

}  // namespace dynkit::recordings
