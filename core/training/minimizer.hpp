// Optimizers of a loss over all trials that choose their own steps: L-BFGS with a line search, and
// Levenberg-Marquardt with a trust region, by Ceres. Both keep values within their bounds: what
// goes beyond counts as if it lay on the bound.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/host.h"
#include "engine.hpp"
#include "fit.hpp"

namespace dynkit::training {

struct MinimizerOptions {
  std::string kind;               // "lbfgs", "levenberg_marquardt"; empty: first-order steps
  std::int64_t iterations = 100;  // of a round at most
  double tolerance = 1e-9;        // relative change of the loss that ends it
};

/// Whether an optimizer of this name is one of these.
inline bool is_minimizer(std::string_view kind) {
  return kind == "lbfgs" || kind == "levenberg_marquardt";
}

/// Where a round has ended: the variables hold the least loss that was met.
struct MinimizerRound {
  double loss = 0.0, gradient_norm = 0.0;  // penalties included
  bool is_finite = true;  // false: neither loss nor gradient were finite where it began
  bool converged = false;
};

/// Told after every iteration; false: no more of them.
using IterationWatcher = std::function<bool(std::int64_t iteration, double loss)>;

class Minimizer {
 public:
  virtual ~Minimizer() = default;

  /// Makes the objective with penalties of these trials up to time T small, for as many iterations
  /// as a round has. `memory` is what rounds leave to each other, empty at first: nothing else of a
  /// round matters for the next, so that a training may go on from between two rounds.
  virtual MinimizerRound run(Variables& variables, const std::vector<std::int64_t>& trials,
                             std::int64_t T, std::vector<double>& memory,
                             const IterationWatcher& watcher) = 0;
};

/// J. Nocedal, Mathematics of Computation 35, 773 (1980), with 20 pairs and a line search for the
/// strong Wolfe conditions.
std::unique_ptr<Minimizer> lbfgs(Engine& engine, const MinimizerOptions& options);

/// K. Levenberg (1944), D. W. Marquardt (1963). Throws Error: DK_UNSUPPORTED for a fit without
/// least squares, DK_TOO_LARGE for a Jacobian of more than 2^27 numbers (1 GiB).
std::unique_ptr<Minimizer> levenberg_marquardt(const Fit& fit, const VariableMap& map,
                                               const MinimizerOptions& options,
                                               const dk_host& host);

}  // namespace dynkit::training
