#include "growth_record.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dynkit::lyapunov {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewestBatches = 8;
constexpr std::size_t kMostTimes = 1024;

// A batch that is full but for this share of it is full: spans are sums of rounded numbers.
constexpr double kFull = 1.0 - 1e-9;

struct Moments {
  double mean, error;  // of the mean
};

Moments moments(const std::vector<double>& values, std::size_t begin, std::size_t end) {
  const auto count = static_cast<double>(end - begin);
  double mean = 0.0, squares = 0.0;
  for (std::size_t i = begin; i < end; ++i) mean += values[i] / count;
  for (std::size_t i = begin; i < end; ++i) squares += (values[i] - mean) * (values[i] - mean);
  return {mean, std::sqrt(squares / (count - 1.0) / count)};
}

}  // namespace

GrowthRecord::GrowthRecord(std::int64_t size, double batch_length)
    : size_(static_cast<std::size_t>(size)),
      batch_length_(batch_length),
      totals_(size_, 0.0),
      batch_(size_, 0.0) {
  series_times_.reserve(kMostTimes);
  series_.reserve(kMostTimes * size_);
}

void GrowthRecord::add(double span, const double* growths) {
  for (std::size_t i = 0; i < size_; ++i) batch_[i] += growths[i];
  if (span == 0.0) return;
  batch_span_ += span;
  length_ += span;
  ++pieces_;
  if (pieces_ % stride_ == 0) extend_series();
  if (batch_span_ >= kFull * batch_length_) close_batch();
}

void GrowthRecord::close_batch() {
  for (std::size_t i = 0; i < size_; ++i) totals_[i] += batch_[i];
  batches_.push_back(batch_);
  std::fill(batch_.begin(), batch_.end(), 0.0);
  batch_span_ = 0.0;
  if (batches_.size() == kMostBatches) join_batches();
}

void GrowthRecord::join_batches() {
  for (std::size_t b = 0; b < kMostBatches / 2; ++b) {
    for (std::size_t i = 0; i < size_; ++i) {
      batches_[b][i] = batches_[2 * b][i] + batches_[2 * b + 1][i];
    }
  }
  batches_.resize(kMostBatches / 2);
  batch_length_ *= 2.0;
}

void GrowthRecord::extend_series() {
  if (series_times_.size() == kMostTimes) {
    for (std::size_t t = 0; t < kMostTimes / 2; ++t) {
      series_times_[t] = series_times_[2 * t + 1];
      std::copy_n(series_.begin() + static_cast<std::ptrdiff_t>((2 * t + 1) * size_), size_,
                  series_.begin() + static_cast<std::ptrdiff_t>(t * size_));
    }
    series_times_.resize(kMostTimes / 2);
    series_.resize(kMostTimes / 2 * size_);
    stride_ *= 2;
    if (pieces_ % stride_ != 0) return;
  }
  series_times_.push_back(length_);
  for (std::size_t i = 0; i < size_; ++i) series_.push_back((totals_[i] + batch_[i]) / length_);
}

double GrowthRecord::rate(std::int64_t i) const {
  const auto k = static_cast<std::size_t>(i);
  return length_ > 0.0 ? (totals_[k] + batch_[k]) / length_ : kNan;
}

std::vector<double> GrowthRecord::unit(std::int64_t i) const {
  std::vector<double> weights(size_, 0.0);
  weights[static_cast<std::size_t>(i)] = 1.0;
  return weights;
}

std::vector<double> GrowthRecord::batch_rates(const std::vector<double>& weights) const {
  std::vector<double> rates;
  for (const std::vector<double>& batch : batches_) {
    double sum = 0.0;
    for (std::size_t i = 0; i < size_; ++i) {
      if (weights[i] != 0.0) sum += weights[i] * batch[i];
    }
    rates.push_back(sum / batch_length_);
  }
  return rates;
}

double GrowthRecord::standard_error(const std::vector<double>& weights) const {
  if (batches_.size() < kFewestBatches) return kNan;
  return moments(batch_rates(weights), 0, batches_.size()).error;
}

double GrowthRecord::standard_error(std::int64_t i) const {
  return standard_error(unit(i));
}

double GrowthRecord::drift(std::int64_t i) const {
  if (batches_.size() < kFewestBatches) return kNan;
  const std::vector<double> rates = batch_rates(unit(i));
  const std::size_t half = rates.size() / 2;
  const Moments first = moments(rates, 0, half), second = moments(rates, half, rates.size());
  return (second.mean - first.mean) / std::hypot(first.error, second.error);
}

}  // namespace dynkit::lyapunov
