// Loss and gradient of a fit for any set of trials, on all threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dynkit/host.h"
#include "fit.hpp"

namespace dynkit::training {

/// Trials are cut into parts of Fit.part_rows, whose gradients are added in order: the bits do not
/// depend on the number of threads.
class Engine {
 public:
  virtual ~Engine() = default;

  /// From now on with this epoch's random signs.
  virtual void begin_epoch(std::int64_t) {}

  /// How many elements (rows, of classes) of these trials are compared with data up to time T.
  virtual std::int64_t compared(const std::vector<std::int64_t>& trials, std::int64_t T) const = 0;

  /// The objective of these trials up to time T with the penalty of the Jacobian; `gradient`
  /// [variables] is written.
  virtual double gradient(const Variables& variables, const std::vector<std::int64_t>& trials,
                          std::int64_t T, std::vector<double>& gradient) = 0;

  /// The objective as it is judged: with the teacher of the training, and free runs in place of the
  /// segments of multiple shooting.
  virtual double loss(const Variables& variables, const std::vector<std::int64_t>& trials,
                      std::int64_t T) = 0;

  /// Free runs: states [trials, T, n] and, with a readout, observations [trials, T, q].
  virtual void predict(const Variables& variables, const std::vector<std::int64_t>& trials,
                       std::vector<double>& states, std::vector<double>& observations) = 0;
};

/// In double, with whatever derivatives the host makes.
std::unique_ptr<Engine> double_engine(const Fit& fit, const VariableMap& map, const dk_host& host);

/// In single precision; nullptr: the model, the readout or the solver does not offer it.
std::unique_ptr<Engine> float_engine(const Fit& fit, const VariableMap& map, const dk_host& host);

}  // namespace dynkit::training
