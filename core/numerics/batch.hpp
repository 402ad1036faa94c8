// Arrays of many trajectories in the layout that a right-hand side takes.
#pragma once

#include <cstdint>

#include "dynkit/core/integrate.hpp"
#include "dynkit/core/workspace.hpp"
#include "kernels/kernels.hpp"

namespace dynkit {

/// Equal arrays of [n] numbers for each of up to `lanes` trajectories, zero at first, and a place
/// for their inputs and times. In columns a lane is a column of [n, lanes], so that vectors run
/// over lanes; in rows it is a row of [lanes, n]. Rows are padded with zeros to whole vectors.
class Batch {
 public:
  /// How many lanes suit the field when there are S trajectories and each holds `arrays` arrays.
  static std::int64_t lanes_for(const FieldInfo& info, std::int64_t S, std::int64_t arrays);

  Batch(const FieldInfo& info, bool columns, std::int64_t lanes, std::int64_t arrays);

  std::int64_t lanes() const { return lanes_; }
  double* array(std::int64_t index) { return arrays_ + index * array_size_; }
  double* times() { return times_; }    // [lanes], for evaluations
  double* inputs() { return inputs_; }  // [lanes] of m in the same layout

  /// The first `active` lanes of an array.
  Shape shape(std::int64_t active) const;

  /// active lanes rounded up to whole vectors: width of per-lane arrays.
  std::int64_t width(std::int64_t active) const { return round_up(active); }

  double& at(double* array, std::int64_t lane, std::int64_t i) const {
    return array[columns_ ? i * stride_ + lane : lane * stride_ + i];
  }
  double at(const double* array, std::int64_t lane, std::int64_t i) const {
    return array[columns_ ? i * stride_ + lane : lane * stride_ + i];
  }

  void load(std::int64_t lane, const double* row, double* array) const;
  void store(std::int64_t lane, const double* array, double* row) const;

  /// A lane of `from` becomes a lane here; the two batches may be the same.
  void take(const Batch& from, std::int64_t lane, const double* array, std::int64_t to,
            double* to_array) const;
  void take_input(const Batch& from, std::int64_t lane, std::int64_t to);

  /// u [m]; NULL: zero.
  void load_input(std::int64_t lane, const double* u);

  /// out = f(times(), x, inputs()) of the first `active` lanes; h NULL, or [lanes] for a map.
  void evaluate(VectorField& field, std::int64_t active, const double* x, double* out,
                const double* h = nullptr);

  /// Points at which the field was asked so far.
  std::int64_t evaluations() const { return evaluations_; }

  /// The points of `evaluate`.
  dk_points points(std::int64_t active, const double* x, const double* h = nullptr) const;

 private:
  std::int64_t input_index(std::int64_t lane, std::int64_t j) const;

  FieldInfo info_;
  bool columns_;
  std::int64_t lanes_;
  std::int64_t stride_;
  std::int64_t input_stride_;
  std::int64_t array_size_;
  std::int64_t evaluations_ = 0;
  Workspace memory_;
  double* arrays_ = nullptr;
  double* times_ = nullptr;
  double* inputs_ = nullptr;
};

/// Row k of trajectory s in the request's inputs: [m], or NULL.
const double* input_row(const Trajectories& trajectories, std::int64_t m, std::int64_t s,
                        std::int64_t k);

/// The time at which row k of the inputs of trajectory s is no longer in force, or the last time.
std::int64_t end_of_input(const Trajectories& trajectories, std::int64_t m, std::int64_t s,
                          std::int64_t k);

/// Fills rows first.. of states with NaN and notes how trajectory s ended.
void finish(const Trajectories& trajectories, std::int64_t n, std::int64_t s, std::int64_t first,
            std::int32_t outcome, double last_time);

}  // namespace dynkit
