// Residuals of some trials on one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fit.hpp"
#include "rollout.hpp"
#include "sensitivities.hpp"
#include "trial_rollout.hpp"

namespace dynkit::training {

/// S trials at a time, whichever these are.
class ResidualPart : private Observer<double> {
 public:
  /// What is the same for all parts.
  struct Batch {
    const Variables& variables;
    const VariableMap& map;
    const std::vector<std::int64_t>& columns;  // of each variable in J, -1: none
    std::int64_t width;                        // of J
    const std::vector<double>& scales;         // [terms] w / count
    std::int64_t T;
  };

  /// `parameters`: those of the model that are trained.
  ResidualPart(const Fit& fit, Operations<double>& model, const Operations<double>* readout,
               const std::vector<std::int64_t>& parameters, std::int64_t S);

  /// The rows of r and, unless NULL, J, in the order of times, terms, trials, components.
  void evaluate(const Batch& batch, const std::int64_t* trials, double* r, double* J);

 private:
  // Trajectories, alone or with their sensitivities. Where the sensitivities have a say in the
  // choice of steps, only together.
  struct Way {
    Way(const Fit& fit, const Operations<double>& operations, std::int64_t S);
    std::int64_t width;  // of a state
    TrialRollout<double> input;
    Rollout<double> rollout;
  };

  double observe(std::int64_t k, const double* x, double* x_bar) override;
  void observe_readout(const double* x);
  void add_row(const ObjectiveTerm& term, double weight, std::int64_t s, std::int64_t component,
               const double* x);

  const Fit& fit_;
  const Operations<double>* readout_;
  const std::vector<std::int64_t> parameters_;
  const std::int64_t S_, n_, p_, K_;  // p: of these parameters
  Sensitivities sensitivities_;
  Way alone_, together_;
  std::vector<double> y_, y_by_state_, y_by_parameters_;  // of the readout
  std::vector<double> row_;                               // [K]
  const Batch* batch_ = nullptr;
  const std::int64_t* trials_ = nullptr;
  std::int64_t width_ = 0;              // of a state
  double *r_ = nullptr, *J_ = nullptr;  // where the next row goes
};

}  // namespace dynkit::training
