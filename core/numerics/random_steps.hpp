// Fixed steps with random numbers: what all stochastic methods share.
#pragma once

#include <cstdint>
#include <vector>

#include "batch.hpp"

namespace dynkit {

/// Trajectories that take the same steps, each with numbers of its own. They stand in rows, since
/// amplitudes and forces come in rows.
class RandomBlock {
 public:
  /// w numbers for each step from `normals`; NULL: none. `arrays` of the batch, of which the first
  /// holds the states.
  RandomBlock(const FieldInfo& info, NormalSource* normals, std::int64_t w, const Trajectories& all,
              std::int64_t arrays);
  virtual ~RandomBlock() = default;
  RandomBlock(const RandomBlock&) = delete;
  RandomBlock& operator=(const RandomBlock&) = delete;

  /// The inputs of interval k, for trajectories begin .. begin + count - 1.
  void load_inputs(std::int64_t begin, std::int64_t count, std::int64_t k);

  /// Numbers for the next `steps` steps, at most kStepsPerDraw.
  void draw(std::int64_t begin, std::int64_t count, std::int64_t steps);

  /// Before the first step of interval k, at time t: its inputs are loaded, for k = 0 the states.
  virtual void begin_interval(std::int64_t count, double t, std::int64_t k);

  /// x at t_end = t + h, with the numbers drawn for step i.
  virtual void step(std::int64_t count, double t, double t_end, double h, std::int64_t i) = 0;

  /// Points at which the right-hand side was asked so far.
  virtual std::int64_t evaluations() const { return batch_.evaluations(); }

  double* x() { return batch_.array(0); }
  const Batch& batch() const { return batch_; }
  const FieldInfo& info() const { return info_; }

  /// Numbers are drawn for so many steps at a time, so that a source may work in blocks.
  static constexpr std::int64_t kStepsPerDraw = 64;

 protected:
  /// Numbers [w] of a step.
  const double* xi(std::int64_t lane, std::int64_t step) const {
    return xi_.data() + (lane * kStepsPerDraw + step) * w_;
  }
  void set_time(std::int64_t count, double t);

  const Trajectories& all_;
  const FieldInfo info_;
  Batch batch_;

 private:
  NormalSource* normals_;
  std::int64_t w_;
  std::vector<double> xi_;
};

/// Runs all trajectories, as many at a time as the block has lanes.
IntegrationCounts run_random_steps(RandomBlock& block, const IntegrationOptions& options,
                                   const Trajectories& all);

}  // namespace dynkit
