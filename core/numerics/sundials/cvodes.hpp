// One CVODES solver and what belongs to it.
#pragma once

#include <cvodes/cvodes.h>

#include "sundials/handles.hpp"
#include "sundials/solver.hpp"

namespace dynkit::sundials {

inline void free_cvodes(void* memory) {
  CVodeFree(&memory);
}

class CvodesMemory : public OdeSolver {
 public:
  CvodesMemory(VectorField& field, const IntegrationOptions& options);

  void restart(double t, const double* x, const double* u) override;
  std::int32_t advance(double target, double stop, std::int64_t max_steps) override;
  const double* state() const override { return data_of(x_); }
  double time() const override { return time_; }
  IntegrationCounts counts() const override;

  void* get() const { return memory_.get(); }
  const Context& context() const { return context_; }
  const Vector& x() const { return x_; }
  const IntegrationOptions& options() const { return options_; }

  Problem problem;

 private:
  using Memory = Owner<void*, free_cvodes>;

  std::int32_t outcome_of(int flag) const;

  IntegrationOptions options_;
  Context context_;  // declared first, so that it goes last
  Vector x_;
  Matrix matrix_;
  LinearSolver linear_;
  NonlinearSolver iteration_;
  Memory memory_;
  double time_ = 0.0;      // of the state
  double step_end_ = 0.0;  // of the last step, maybe beyond
};

}  // namespace dynkit::sundials
