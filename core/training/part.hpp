// Loss and gradient of some trials on one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fit.hpp"
#include "jacobian_penalty.hpp"
#include "objective.hpp"
#include "rollout.hpp"
#include "trial_rollout.hpp"

namespace dynkit::training {

/// The gradient of some trials, one array for each group of variables.
template <class Number>
struct PartGradient {
  double loss = 0.0;
  std::vector<Number> model, readout;          // [p], [q]
  std::vector<double> initial;                 // [n], empty: not learned
  std::vector<std::vector<double>> log_sigma;  // [terms][k]
  std::vector<Number> teacher;                 // [T + lag,S,n]
};

/// S trials at a time, whichever these are.
template <class Number>
class Part : private Observer<Number> {
 public:
  Part(const Fit& fit, const Operations<Number>& model, const Operations<Number>* readout,
       std::int64_t S);
  ~Part() override;

  /// What is the same for all parts of a batch.
  struct Batch {
    const Variables& variables;
    const VariableMap& map;
    std::int64_t T;
    const std::vector<double>& scales;  // [terms] w / count
    double shooting_scale;              // w / count of what ties segments
    double jacobian_scale;              // lambda / count of the Jacobian's penalty
    dk_stream jacobian_signs;
  };

  /// With teacher or shooting.
  void gradient(const Batch& batch, const std::int64_t* trials, PartGradient<Number>& result);
  /// With the teacher of the training, and without shooting.
  double loss(const Batch& batch, const std::int64_t* trials);
  /// Free runs: states [S,T,n] and, with a readout, observations [S,T,q], each lagging behind the
  /// data as the term that is shown says.
  void predict(const Batch& batch, const std::int64_t* trials, double* states,
               double* observations);

 private:
  double observe(std::int64_t k, const Number* x, Number* x_bar) override;

  void begin(const Batch& batch, const std::int64_t* trials);

  const Fit& fit_;
  const Operations<Number>* readout_;
  const std::int64_t S_, n_;
  Objective<Number> objective_;
  std::unique_ptr<DifferentiableRollout<Number>> rollout_;
  TrialRollout<Number> input_;
  std::vector<Number> x0_bar_;
  std::vector<const double*> log_sigma_;
  double shooting_scale_ = 0.0;  // 0: a free run
  std::vector<Number>* teacher_bar_ = nullptr;
  std::unique_ptr<JacobianPenalty<Number>> penalty_;  // NULL: none
  Number* penalty_bar_ = nullptr;                     // of the model's parameters
  std::int64_t penalty_times_ = 0;
};

}  // namespace dynkit::training
