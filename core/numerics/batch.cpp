#include "batch.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "field.hpp"

namespace dynkit {
namespace {

// Arrays one after the other with a size that is a multiple of 4096 bytes would all compete for the
// same lines of the cache, so each has an odd number of lines.
std::int64_t odd_lines(std::int64_t size) {
  return round_up(size) + (round_up(size) / kPack % 2 == 0 ? kPack : 0);
}

}  // namespace

std::int64_t Batch::lanes_for(const FieldInfo& info, std::int64_t S, std::int64_t arrays) {
  constexpr std::int64_t kCacheNumbers = 4096;  // the level-1 cache: 32 KiB
  std::int64_t lanes = 64;  // in rows a right-hand side is a matrix product: the more the better
  if (info.columns) {
    const std::int64_t fitting = kCacheNumbers / std::max<std::int64_t>(1, arrays * info.n);
    lanes = std::clamp<std::int64_t>(fitting / kPack * kPack, 16, 64);
  }
  return std::max<std::int64_t>(1, std::min(lanes, S));
}

Batch::Batch(const FieldInfo& info, bool columns, std::int64_t lanes, std::int64_t arrays)
    : info_(info),
      columns_(columns),
      lanes_(lanes),
      stride_(round_up(columns ? lanes : info.n)),
      input_stride_(columns ? round_up(lanes) : info.m),
      array_size_(odd_lines(columns ? info.n * stride_ : lanes * stride_)) {
  const std::int64_t input_size = round_up(columns ? info.m * input_stride_ : lanes * info.m);
  const std::int64_t total = arrays * array_size_ + round_up(lanes) + input_size;
  arrays_ = memory_.doubles(total);
  std::fill(arrays_, arrays_ + total, 0.0);
  times_ = arrays_ + arrays * array_size_;
  inputs_ = times_ + round_up(lanes);
}

Shape Batch::shape(std::int64_t active) const {
  return columns_ ? Shape{info_.n, round_up(active), stride_, true}
                  : Shape{active, stride_, stride_, false};
}

void Batch::load(std::int64_t lane, const double* row, double* array) const {
  for (std::int64_t i = 0; i < info_.n; ++i) at(array, lane, i) = row[i];
}

void Batch::store(std::int64_t lane, const double* array, double* row) const {
  for (std::int64_t i = 0; i < info_.n; ++i) row[i] = at(array, lane, i);
}

void Batch::take(const Batch& from, std::int64_t lane, const double* array, std::int64_t to,
                 double* to_array) const {
  for (std::int64_t i = 0; i < info_.n; ++i) at(to_array, to, i) = from.at(array, lane, i);
}

std::int64_t Batch::input_index(std::int64_t lane, std::int64_t j) const {
  return columns_ ? j * input_stride_ + lane : lane * input_stride_ + j;
}

void Batch::load_input(std::int64_t lane, const double* u) {
  for (std::int64_t j = 0; j < info_.m; ++j) {
    inputs_[input_index(lane, j)] = u != nullptr ? u[j] : 0.0;
  }
}

void Batch::take_input(const Batch& from, std::int64_t lane, std::int64_t to) {
  for (std::int64_t j = 0; j < info_.m; ++j) {
    inputs_[input_index(to, j)] = from.inputs_[from.input_index(lane, j)];
  }
}

dk_points Batch::points(std::int64_t active, const double* x, const double* h) const {
  dk_points points{};
  points.count = active;
  points.layout = columns_ ? DK_COLUMNS : DK_ROWS;
  points.x = {x, stride_};
  if (info_.uses_time) points.t = {times_, 1};
  if (h != nullptr) points.h = {h, 1};
  if (info_.m > 0) points.u = {inputs_, input_stride_};
  return points;
}

void Batch::evaluate(VectorField& field, std::int64_t active, const double* x, double* out,
                     const double* h) {
  dynkit::evaluate(field, info_.n, points(active, x, h), {out, stride_});
  evaluations_ += active;
}

const double* input_row(const Trajectories& trajectories, std::int64_t m, std::int64_t s,
                        std::int64_t k) {
  if (trajectories.u.data == nullptr) return nullptr;
  const double* rows = trajectories.u.data + s * trajectories.u.stride;
  return trajectories.u_constant ? rows : rows + k * m;
}

std::int64_t end_of_input(const Trajectories& trajectories, std::int64_t m, std::int64_t s,
                          std::int64_t k) {
  const std::int64_t last = trajectories.T - 1;
  const double* u = input_row(trajectories, m, s, k);
  if (u == nullptr || trajectories.u_constant) return last;
  for (std::int64_t j = k + 1; j < last; ++j) {
    if (!std::equal(u, u + m, input_row(trajectories, m, s, j))) return j;
  }
  return last;
}

void finish(const Trajectories& trajectories, std::int64_t n, std::int64_t s, std::int64_t first,
            std::int32_t outcome, double last_time) {
  double* states = trajectories.states + s * trajectories.T * n;
  std::fill(states + first * n, states + trajectories.T * n,
            std::numeric_limits<double>::quiet_NaN());
  trajectories.outcomes[s] = outcome;
  if (trajectories.last_times != nullptr) trajectories.last_times[s] = last_time;
}

}  // namespace dynkit
