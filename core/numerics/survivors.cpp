#include "survivors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dynkit {

Survivors::Survivors(const Trajectories& all, std::int64_t n, const Batch& batch,
                     std::int64_t begin, std::int64_t count)
    : all_(all),
      n_(n),
      batch_(batch),
      begin_(begin),
      living_(count),
      valid_(std::numeric_limits<double>::quiet_NaN()),
      lives_(static_cast<std::size_t>(count), 1),
      flaw_(static_cast<std::size_t>(batch.width(count))) {}

void Survivors::load(double* x) {
  for (std::size_t l = 0; l < lives_.size(); ++l) {
    const auto lane = static_cast<std::int64_t>(l);
    const double* x0 = all_.x0.data + (begin_ + lane) * all_.x0.stride;
    batch_.load(lane, x0, x);
    std::copy(x0, x0 + n_, all_.states + (begin_ + lane) * all_.T * n_);
  }
  next_ = 1;
  check(x, all_.times[0]);
}

void Survivors::check(const double* x, double t) {
  const auto count = static_cast<std::int64_t>(lives_.size());
  kernels().finite(batch_.shape(count), x, flaw_.data());
  for (std::size_t l = 0; l < lives_.size(); ++l) {
    if (lives_[l] != 0 && std::isnan(flaw_[l])) end(static_cast<std::int64_t>(l), DK_NOT_FINITE);
  }
  valid_ = t;
}

void Survivors::write(const double* x, std::int64_t k) {
  for (std::size_t l = 0; l < lives_.size(); ++l) {
    const auto lane = static_cast<std::int64_t>(l);
    if (lives_[l] != 0) batch_.store(lane, x, all_.states + ((begin_ + lane) * all_.T + k) * n_);
  }
  next_ = k + 1;
}

void Survivors::end_all(std::int32_t outcome) {
  for (std::size_t l = 0; l < lives_.size(); ++l) {
    if (lives_[l] != 0) end(static_cast<std::int64_t>(l), outcome);
  }
}

double Survivors::done(double t) const {
  const double first = all_.times[0], last = all_.times[all_.T - 1];
  const double share = (t - first) / (last - first);
  const auto ended = begin_ + static_cast<std::int64_t>(lives_.size()) - living_;
  return static_cast<double>(ended) + static_cast<double>(living_) * share;
}

void Survivors::end(std::int64_t lane, std::int32_t outcome) {
  finish(all_, n_, begin_ + lane, next_, outcome, valid_);
  lives_[static_cast<std::size_t>(lane)] = 0;
  --living_;
}

}  // namespace dynkit
