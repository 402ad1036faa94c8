#include "explicit/lanes.hpp"

#include <algorithm>

namespace dynkit {

LaneArrays::LaneArrays(std::int64_t lanes) : width_(round_up(lanes)) {
  data_ = memory_.doubles(kArrays * width_);
  std::fill(data_, data_ + kArrays * width_, 0.0);
  double** const members[kArrays] = {
      &state.t,      &state.stop,   &state.watch,     &state.h,        &state.t_new, &state.landing,
      &state.h_next, &state.h_min,  &state.log_error, &state.rejected, &state.tries, &state.sum,
      &state.sum2,   &state.accept, &state.finite,    &state.event};
  for (std::int64_t i = 0; i < kArrays; ++i) *members[i] = data_ + i * width_;
}

void LaneArrays::start(std::int64_t lane, double t, double h) {
  constexpr double kFirstLogError = -13.287712379549449;  // 1e-4
  for (std::int64_t i = 0; i < kArrays; ++i) data_[i * width_ + lane] = 0.0;
  state.t[lane] = t;
  state.h_next[lane] = h;
  state.log_error[lane] = kFirstLogError;
}

void LaneArrays::copy(std::int64_t from, std::int64_t to) {
  for (std::int64_t i = 0; i < kArrays; ++i) {
    data_[i * width_ + to] = data_[i * width_ + from];
  }
}

}  // namespace dynkit
