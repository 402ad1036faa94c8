// Means, standard errors and convergence of growth rates along one orbit.
//
//     rate = (1/T) sum of growths,     error^2 = var(batch means) / B                           (1)
//
// Batch means: the orbit is cut into B batches of equal length; whenever there are 64, neighbors
// are joined, so that 32 <= B < 64 from then on. The means of batches that are long beside the
// correlation time are independent. (1) is an estimate with a relative error of about 1 / sqrt(2
// B), one part in ten. A growth that stays bounded, as along the flow of a system whose exponent
// there is 0, has an error that falls as 1/T, and (1) states too much of it.
//
// G. S. Fishman, "Grouping observations in digital simulation", Management Science 24, 510 (1978).
#pragma once

#include <cstdint>
#include <vector>

namespace dynkit::lyapunov {

class GrowthRecord {
 public:
  /// For `size` quantities, in batches that begin with this length.
  GrowthRecord(std::int64_t size, double batch_length);

  /// A piece of orbit that does not cross the end of a batch; growths [size]. A span of 0 adds to
  /// the piece before.
  void add(double span, const double* growths);

  double length() const { return length_; }
  double batch_length() const { return batch_length_; }

  /// What is left of the current batch.
  double to_batch_end() const { return batch_length_ - batch_span_; }

  /// True after the piece that has filled a batch.
  bool at_batch_end() const { return batch_span_ == 0.0; }

  std::int64_t batch_count() const { return static_cast<std::int64_t>(batches_.size()); }

  double rate(std::int64_t i) const;

  /// Of the mean of a quantity, of a sum of `weights` [size] times quantities, and the difference
  /// of that mean between the halves of the orbit over its standard error. NaN with less than 8
  /// batches and where growths are infinite.
  double standard_error(std::int64_t i) const;
  double standard_error(const std::vector<double>& weights) const;
  double drift(std::int64_t i) const;

  /// Convergence: rates after each of at most 1024 times, [times, size].
  const std::vector<double>& series_times() const { return series_times_; }
  const std::vector<double>& series() const { return series_; }

  static constexpr std::size_t kMostBatches = 64;

 private:
  void close_batch();
  void join_batches();
  void extend_series();
  std::vector<double> batch_rates(const std::vector<double>& weights) const;
  std::vector<double> unit(std::int64_t i) const;

  std::size_t size_;
  double batch_length_;
  double length_ = 0.0, batch_span_ = 0.0;
  std::vector<double> totals_, batch_;        // [size]
  std::vector<std::vector<double>> batches_;  // growths of full batches
  std::vector<double> series_times_, series_;
  std::int64_t pieces_ = 0, stride_ = 1;  // every stride-th piece is a point of the series
};

}  // namespace dynkit::lyapunov
