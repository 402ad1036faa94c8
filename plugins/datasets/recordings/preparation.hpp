// From a recorded signal to trials: gaps, parts, smoothing, standardizing, delays, windows.
//
//     pieces        runs of samples without a gap, within one part (training, validation, test)
//     smoothing     x_k <- sum_j g_j x_{k+j} / sum_j g_j,  g_j = exp(-(j dt / smooth)^2 / 2),
//                   over the |j| dt <= 4 smooth that stay in the piece                         (1)
//     standardizing x_c <- (x_c - mean_c) / deviation_c, both of the training part             (2)
//     delays        y_k = (x_k, x_{k-tau}, ..., x_{k-(d-1) tau})                               (3)
//     windows       states[s,j] = y_{first_s + j}, one every `stride` samples of a piece       (4)
//
// in this order, each within a piece: nothing of one part reaches another, through a kernel, a
// delay or a mean. One recording is parted in time, several by their number; validation comes after
// training, and testing last.
//
// (3): F. Takens, "Detecting strange attractors in turbulence", Lecture Notes in Mathematics 898,
// 366 (1981).
//
//   R recordings   L samples of each   C channels   d delays   S windows   T samples of each
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"

namespace dynkit::recordings {

/// What was recorded: values [R,L,C], not finite where they are missing.
struct Signal {
  std::int64_t R = 1, L = 0, C = 1;
  double begin = 0.0, dt = 1.0;  // time of the first sample, time between samples
  std::vector<double> values;
};

/// Samples [begin, end) of one recording, without a gap, in one part.
struct Piece {
  std::int64_t recording, begin, end;
  std::int64_t part;  // 0 train, 1 validation, 2 test
};

/// T samples of one piece; `first` counts from the beginning of the recording.
struct Window {
  std::int64_t recording, first, part;
};

constexpr dk_setting smooth_setting() {
  return number_setting("smooth", "0", 0, kUnbounded,
                        "standard deviation of the Gaussian that smooths, in units of time");
}
constexpr dk_setting standardize_setting() {
  return boolean_setting("standardize", "false",
                         "whether each channel gets mean 0 and variance 1 over the training part");
}
constexpr dk_setting delays_setting() {
  return integer_setting("delays", "1", 1, 4096,
                         "states hold the present and delays - 1 samples before it");
}
constexpr dk_setting delay_setting() {
  return integer_setting("delay", "1", 1, 1e9, "samples from one of these to the next");
}
constexpr dk_setting window_setting() {
  return integer_setting("window", "0", 0, 1e12, "samples of a trial; 0: as many as there are");
}
constexpr dk_setting stride_setting() {
  return integer_setting("stride", "0", 0, 1e12,
                         "samples from the beginning of a trial to that of the next; 0: window");
}
constexpr dk_setting validation_setting() {
  return number_setting("validation", "0", 0, 1,
                        "share for validation: of the time, or of several recordings");
}
constexpr dk_setting test_setting() {
  return number_setting("test", "0", 0, 1, "share for testing, the last");
}

/// A signal after (1) and (2), and where the trials are in it.
struct Prepared {
  Signal smoothed;                      // (1)
  Signal standardized;                  // (2), the same where that is not wanted
  std::vector<double> mean, deviation;  // [C]; empty: not standardized
  std::vector<Window> windows;
  std::int64_t T = 0;         // of each window
  std::int64_t left_out = 0;  // samples with values that are in no window
};

/// What a user wants of a recording.
class Preparation {
 public:
  /// Throws Error (DK_SETTINGS).
  explicit Preparation(const Settings& settings);

  /// Throws Error (DK_SETTINGS, DK_NUMERIC, DK_TOO_LARGE) where no window fits into it or
  /// into a part that was asked for, pieces of a recording without windows differ in length, or a
  /// channel is constant.
  Prepared prepare(Signal signal) const;

  /// Puts `time`, `states` (3), `split`, `start_time`, `recording`, what standardizing took away,
  /// and a figure.
  void put(const Sink& sink, const Prepared& prepared) const;

  bool smooths() const { return smooth_ > 0.0; }

 private:
  std::vector<Piece> find_pieces(const Signal& signal) const;
  void smooth(Signal& signal, const std::vector<Piece>& pieces) const;
  void standardize(Prepared& prepared, const std::vector<Piece>& pieces) const;
  void cut(Prepared& prepared, const std::vector<Piece>& pieces) const;
  static void check_part(const Prepared& prepared, const char* setting, double share,
                         std::int64_t part);

  double smooth_;
  bool standardize_;
  std::int64_t delays_, delay_, window_, stride_;
  double validation_, test_;
};

/// The values of all windows [S,T,C].
std::vector<double> windowed(const Prepared& prepared, const Signal& signal);

}  // namespace dynkit::recordings
