// The states of a rollout, and what a readout makes of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rollout.hpp"

namespace dynkit::training {

/// How many times behind those of the data states and observations are compared with them.
struct Lags {
  std::int64_t states = 0, observations = 0;
};

/// Writes the states [S,T,n] of T times and, unless NULL, observations [S,T,q] of as many, from
/// their lags on.
template <class Number>
class Recorder : public Observer<Number> {
 public:
  Recorder(const Operations<Number>* readout, std::int64_t S, std::int64_t n, std::int64_t T,
           Lags lags, double* states, double* observations)
      : readout_(observations != nullptr ? readout : nullptr),
        S_(S),
        n_(n),
        T_(T),
        lags_(lags),
        q_(readout_ != nullptr ? readout_->sizes().q : 0),
        states_(states),
        observations_(observations),
        y_(static_cast<std::size_t>(S * q_)) {}

  double observe(std::int64_t k, const Number* x, Number*) override {
    write(k - lags_.states, x, n_, states_);
    if (readout_ == nullptr) return 0.0;
    Points<Number> points{};
    points.count = S_;
    points.x = {x, n_};
    readout_->eval(points, y_.data());
    write(k - lags_.observations, y_.data(), q_, observations_);
    return 0.0;
  }

 private:
  void write(std::int64_t k, const Number* rows, std::int64_t width, double* to) const {
    if (k < 0 || k >= T_) return;
    for (std::int64_t s = 0; s < S_; ++s) {
      std::copy_n(rows + s * width, width, to + (s * T_ + k) * width);
    }
  }

  const Operations<Number>* readout_;
  std::int64_t S_, n_, T_;
  Lags lags_;
  std::int64_t q_;
  double *states_, *observations_;
  std::vector<Number> y_;
};

}  // namespace dynkit::training
