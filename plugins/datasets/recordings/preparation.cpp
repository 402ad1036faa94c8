#include "preparation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "dynkit/error.hpp"
#include "dynkit/trials.hpp"
#include "dynkit/vector_math.hpp"

namespace dynkit::recordings {
namespace {

constexpr double kKernelWidth = 4.0;  // standard deviations
constexpr double kRounding = 1e-9;    // of smooth / dt, where the last sample is just at the width

std::size_t index(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

bool has_values(const Signal& signal, std::int64_t row) {
  const auto first = signal.values.begin() + row * signal.C;
  return std::all_of(first, first + signal.C, [](double x) { return std::isfinite(x); });
}

// Where validation and testing begin among `count` samples or recordings.
struct Borders {
  std::int64_t validation, test;

  Borders(std::int64_t count, double validation_share, double test_share) {
    const auto begin = [&](double share) {
      const double kept = std::max(0.0, 1.0 - share) * static_cast<double>(count);
      return std::min(static_cast<std::int64_t>(std::llround(kept)), count);
    };
    validation = begin(validation_share + test_share);
    test = begin(test_share);
  }
  std::int64_t part(std::int64_t i) const { return i >= test ? 2 : i >= validation ? 1 : 0; }
};

}  // namespace

Preparation::Preparation(const Settings& settings)
    : smooth_(settings.number("smooth")),
      standardize_(settings.boolean("standardize")),
      delays_(settings.integer("delays")),
      delay_(settings.integer("delay")),
      window_(settings.integer("window")),
      stride_(settings.integer("stride")),
      validation_(settings.number("validation")),
      test_(settings.number("test")) {
  check_shares(validation_, test_);
  if (stride_ > 0 && window_ == 0) {
    throw Error(DK_SETTINGS, "setting 'stride': without 'window' there is one trial a recording");
  }
  if (stride_ == 0) stride_ = window_;
}

std::vector<Piece> Preparation::find_pieces(const Signal& signal) const {
  const bool in_time = signal.R == 1;
  const Borders borders(in_time ? signal.L : signal.R, validation_, test_);
  std::vector<Piece> pieces;
  for (std::int64_t r = 0; r < signal.R; ++r) {
    bool continues = false;
    for (std::int64_t k = 0; k < signal.L; ++k) {
      const std::int64_t part = borders.part(in_time ? k : r);
      if (!has_values(signal, r * signal.L + k)) {
        continues = false;
      } else if (continues && pieces.back().part == part) {
        pieces.back().end = k + 1;
      } else {
        pieces.push_back({r, k, k + 1, part});
        continues = true;
      }
    }
  }
  if (pieces.empty()) {
    throw Error(DK_SETTINGS, "the recording has no sample in which every channel is finite");
  }
  return pieces;
}

// (1)
void Preparation::smooth(Signal& signal, const std::vector<Piece>& pieces) const {
  if (!smooths()) return;
  const double sigma = smooth_ / signal.dt;  // in samples
  const auto longest = static_cast<double>(signal.L);
  const auto reach = static_cast<std::int64_t>(
      std::min(std::floor(kKernelWidth * sigma * (1.0 + kRounding)), longest));
  std::vector<double> kernel;
  for (std::int64_t j = 0; j <= reach; ++j) {
    const double z = static_cast<double>(j) / sigma;
    kernel.push_back(vector_math::exp(-0.5 * z * z));
  }
  const std::vector<double> raw = signal.values;
  for (const Piece& piece : pieces) {
    for (std::int64_t k = piece.begin; k < piece.end; ++k) {
      const std::int64_t from = std::max(piece.begin, k - reach);
      const std::int64_t to = std::min(piece.end - 1, k + reach);
      double* row = &signal.values[index((piece.recording * signal.L + k) * signal.C)];
      std::fill_n(row, signal.C, 0.0);
      double total = 0.0;
      for (std::int64_t i = from; i <= to; ++i) {
        const double g = kernel[index(std::abs(i - k))];
        const double* x = &raw[index((piece.recording * signal.L + i) * signal.C)];
        for (std::int64_t c = 0; c < signal.C; ++c) row[c] += g * x[c];
        total += g;
      }
      for (std::int64_t c = 0; c < signal.C; ++c) row[c] /= total;
    }
  }
}

// (2)
void Preparation::standardize(Prepared& prepared, const std::vector<Piece>& pieces) const {
  prepared.standardized = prepared.smoothed;
  if (!standardize_) return;
  Signal& signal = prepared.standardized;
  std::vector<double>&mean = prepared.mean, &deviation = prepared.deviation;
  mean.assign(index(signal.C), 0.0);
  deviation.assign(index(signal.C), 0.0);
  // Welford's update: no cancellation, whatever the mean.
  double count = 0.0;
  for (const Piece& piece : pieces) {
    if (piece.part != 0) continue;
    for (std::int64_t k = piece.begin; k < piece.end; ++k) {
      count += 1.0;
      const double* x = &signal.values[index((piece.recording * signal.L + k) * signal.C)];
      for (std::size_t c = 0; c < mean.size(); ++c) {
        const double before = x[c] - mean[c];
        mean[c] += before / count;
        deviation[c] += before * (x[c] - mean[c]);
      }
    }
  }
  if (count == 0.0) {
    throw Error(DK_SETTINGS,
                "setting 'standardize': there is no training part to take the statistics from");
  }
  for (std::size_t c = 0; c < mean.size(); ++c) {
    deviation[c] = std::sqrt(deviation[c] / count);
    if (deviation[c] > 1e-12 * std::abs(mean[c])) continue;
    throw Error(DK_NUMERIC, "setting 'standardize': channel " + std::to_string(c) +
                                " is constant over the training part, " + std::to_string(mean[c]));
  }
  for (std::size_t i = 0; i < signal.values.size(); ++i) {
    const std::size_t c = i % mean.size();
    signal.values[i] = (signal.values[i] - mean[c]) / deviation[c];
  }
}

// A share that was asked for and holds no trial.
void Preparation::check_part(const Prepared& prepared, const char* setting, double share,
                             std::int64_t part) {
  const bool any = std::any_of(prepared.windows.begin(), prepared.windows.end(),
                               [&](const Window& window) { return window.part == part; });
  if (share == 0.0 || any) return;
  const Signal& signal = prepared.smoothed;
  throw Error(DK_SETTINGS, std::string("setting '") + setting + "': " + std::to_string(share) +
                               " of " +
                               (signal.R == 1 ? std::to_string(signal.L) + " samples"
                                              : std::to_string(signal.R) + " recordings") +
                               " holds no trial of " + std::to_string(prepared.T) + " samples");
}

// (4)
void Preparation::cut(Prepared& prepared, const std::vector<Piece>& pieces) const {
  const std::int64_t lost = (delays_ - 1) * delay_;  // samples without all of their past
  const auto states_in = [&](const Piece& piece) { return piece.end - piece.begin - lost; };
  prepared.T = window_ > 0 ? window_ : std::max<std::int64_t>(0, states_in(pieces.front()));
  std::int64_t longest = 0;
  std::vector<bool> used(index(prepared.smoothed.R * prepared.smoothed.L));
  for (const Piece& piece : pieces) {
    const std::int64_t states = states_in(piece);
    longest = std::max(longest, states);
    if (window_ == 0 && states != prepared.T) {
      throw Error(DK_SETTINGS,
                  "setting 'window': is needed, since trials are equally long and the recording "
                  "has pieces of " +
                      std::to_string(prepared.T) + " and " + std::to_string(states) +
                      " samples, by its gaps or by the shares for validation and testing");
    }
    for (std::int64_t first = 0; prepared.T > 0 && first + prepared.T <= states;) {
      const std::int64_t begin = piece.begin + lost + first;
      prepared.windows.push_back({piece.recording, begin, piece.part});
      const auto mark = used.begin() + piece.recording * prepared.smoothed.L + begin;
      std::fill(mark - lost, mark + prepared.T, true);
      if (stride_ == 0) break;
      first += stride_;
    }
    prepared.left_out += piece.end - piece.begin;
  }
  prepared.left_out -= std::count(used.begin(), used.end(), true);
  if (prepared.windows.empty()) {
    throw Error(DK_SETTINGS,
                "settings 'window', 'delays' and 'delay': " + std::to_string(prepared.T) +
                    " samples with " + std::to_string(lost) +
                    " before them do not fit into the longest "
                    "piece of the recording, " +
                    std::to_string(longest + lost));
  }
  check_part(prepared, "validation", validation_, 1);
  check_part(prepared, "test", test_, 2);
}

Prepared Preparation::prepare(Signal signal) const {
  const std::vector<Piece> pieces = find_pieces(signal);
  Prepared prepared;
  prepared.smoothed = std::move(signal);
  cut(prepared, pieces);
  smooth(prepared.smoothed, pieces);
  standardize(prepared, pieces);
  return prepared;
}

std::vector<double> windowed(const Prepared& prepared, const Signal& signal) {
  const std::int64_t row = prepared.T * signal.C;
  const auto S = static_cast<std::int64_t>(prepared.windows.size());
  std::vector<double> values(
      array_size(S, prepared.T, signal.C, "'window', 'stride' and the channels"));
  auto to = values.begin();
  for (const Window& window : prepared.windows) {
    const auto from =
        signal.values.begin() + (window.recording * signal.L + window.first) * signal.C;
    to = std::copy(from, from + row, to);
  }
  return values;
}

void Preparation::put(const Sink& sink, const Prepared& prepared) const {
  const Signal& signal = prepared.standardized;
  const std::int64_t C = signal.C, T = prepared.T, n = C * delays_;
  const auto S = static_cast<std::int64_t>(prepared.windows.size());
  std::vector<double> states, time, start_times;
  states.reserve(array_size(S, T, n, "'window', 'stride' and 'delays'"));
  std::vector<std::int64_t> split, recording;
  for (const Window& window : prepared.windows) {
    for (std::int64_t k = window.first; k < window.first + T; ++k) {
      for (std::int64_t d = 0; d < delays_; ++d) {
        const auto x = signal.values.begin() + (window.recording * signal.L + k - d * delay_) * C;
        states.insert(states.end(), x, x + C);  // (3)
      }
    }
    start_times.push_back(signal.begin + static_cast<double>(window.first) * signal.dt);
    split.push_back(window.part);
    recording.push_back(window.recording);
  }
  for (std::int64_t k = 0; k < T; ++k) time.push_back(static_cast<double>(k) * signal.dt);

  sink.value("sample_interval", signal.dt, "time between samples");
  sink.value("left_out", prepared.left_out, "samples with values that are in no trial");
  sink.array("time", {T}, time, {{"time"}, nullptr, "from the beginning of a trial"});
  sink.array("states", {S, T, n}, states,
             {{"trial", "time", "state"}, nullptr, "the recording; all channels of each delay"});
  sink.array("split", {S}, split, {{"trial"}, nullptr, "0 train, 1 validation, 2 test"});
  sink.array("start_time", {S}, start_times,
             {{"trial"}, nullptr, "time of the first sample of a trial"});
  sink.array("recording", {S}, recording, {{"trial"}, nullptr, "number of the recording"});
  if (!prepared.mean.empty()) {
    sink.array("mean", {C}, prepared.mean, {{"channel"}, nullptr, "over the training part"});
    sink.array("deviation", {C}, prepared.deviation,
               {{"channel"}, nullptr, "standard deviation over the training part"});
  }
  dk_series series{"lines3d", "states", "states[0]", "states[1]", "states[2]", nullptr, nullptr};
  if (n < 3) series = {"line", "states", "states[0]", "states[1]", nullptr, nullptr, nullptr};
  if (n < 2) series = {"line", "states", "time", "states[0]", nullptr, nullptr, nullptr};
  sink.figure({"recording", "The recording", n > 3 ? "The first three states." : nullptr, nullptr,
               nullptr, nullptr, 1, &series});
}

}  // namespace dynkit::recordings
