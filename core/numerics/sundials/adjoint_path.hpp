// The way there of an adjoint: a solution of dx/dt = f that can be asked for in reverse.
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/core/adjoint.hpp"
#include "sundials/cvodes.hpp"

namespace dynkit::sundials {

/// Sections of at most so many steps, the last one of which CVODES has in memory; an earlier one is
/// solved again from its first state.
///
/// Each section begins with order 1, unlike those between CVODES' own checkpoints: its polynomials
/// through the q + 1 last points, q the order of a step, look for them within a section, and read
/// what is not there where the last section has fewer.
class AdjointPath {
 public:
  /// The field must outlive this.
  AdjointPath(VectorField& field, const IntegrationOptions& options, std::int64_t section_steps);

  /// As CvodesAdjoint::forward. The piece's arrays must live on.
  std::int32_t run(const AdjointPiece& piece, const double* x0, double* states,
                   std::int64_t stride);

  std::int64_t sections() const { return static_cast<std::int64_t>(begins_.size()); }
  double begin(std::int64_t section) const { return begins_[static_cast<std::size_t>(section)]; }
  double end(std::int64_t section) const {
    return section + 1 < sections() ? begin(section + 1) : end_;
  }

  /// Makes the states of a section those that CVODES interpolates. Returns the outcome.
  std::int32_t load(std::int64_t section);

  /// What the end of a run is called, of a negative flag at time t.
  std::int32_t outcome_of(int flag, const char* call, double t);

  CvodesMemory& solver() { return solver_; }
  const CvodesMemory& solver() const { return solver_; }

 private:
  std::int32_t run_sections(double* states, std::int64_t stride);
  void start_section(std::int64_t section, double stop);
  std::int32_t step(double stop, double& t);
  std::int64_t most_steps() const { return section_steps_ + section_steps_ / 8; }  // of a section

  const std::int64_t max_steps_, section_steps_;
  CvodesMemory solver_;
  AdjointPiece piece_;
  std::vector<double> begins_, first_steps_;  // [sections]
  std::vector<double> first_states_;          // [sections,n]
  double end_ = 0.0;                          // of the last one
  std::int64_t loaded_ = -1;                  // section
};

}  // namespace dynkit::sundials
