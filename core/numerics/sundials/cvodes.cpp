// CVODES: variable-order Adams-Moulton with functional iteration, and BDF with Newton iteration on
// the dense Jacobian (the field's own, else SUNDIALS' difference quotients). CVODES is CVODE with
// sensitivities and the same functions, so it serves here as well.
//
// A. C. Hindmarsh et al., "SUNDIALS: Suite of nonlinear and differential/algebraic equation
// solvers", ACM Trans. Math. Softw. 31, 363 (2005).
#include "sundials/cvodes.hpp"

#include <cvodes/cvodes.h>

#include <algorithm>

#include "dynkit/core/steps.hpp"

namespace dynkit::sundials {
namespace {

// BDF, of order 5 at most, takes many steps and bounds the error of each: over a trajectory they
// add up to several times those of the other methods at the same tolerance. So it runs, with its
// tangents, at a tenth of the tolerances asked for.
IntegrationOptions tightened(IntegrationOptions options) {
  constexpr double kSmallest = 1e-15;  // CVODES refuses what rounding hides
  if (options.method != Method::bdf) return options;
  options.rtol = std::max(0.1 * options.rtol, std::min(options.rtol, kSmallest));
  options.atol *= 0.1;
  return options;
}

}  // namespace

CvodesMemory::CvodesMemory(VectorField& field, const IntegrationOptions& options)
    : problem(field, options), options_(tightened(options)), context_(make_context()) {
  const std::int64_t n = problem.info.n;
  x_ = make_vector(n, context_);
  const int family = options_.method == Method::adams ? CV_ADAMS : CV_BDF;
  memory_ = Memory(CVodeCreate(family, context_.get()));
  if (get() == nullptr) throw Error(DK_MEMORY, "SUNDIALS: no memory for CVODES");
  require(CVodeSetErrHandlerFn(get(), keep_message, &problem), "CVodeSetErrHandlerFn", problem);
  require(CVodeInit(get(), right_hand_side, 0.0, x_.get()), "CVodeInit", problem);
  require(CVodeSetUserData(get(), &problem), "CVodeSetUserData", problem);
  require(CVodeSStolerances(get(), options_.rtol, options_.atol), "CVodeSStolerances", problem);
  require(CVodeSetMaxHnilWarns(get(), -1), "CVodeSetMaxHnilWarns", problem);
  if (family == CV_ADAMS) {
    iteration_ = NonlinearSolver(SUNNonlinSol_FixedPoint(x_.get(), 0, context_.get()));
    require(CVodeSetNonlinearSolver(get(), iteration_.get()), "CVodeSetNonlinearSolver", problem);
    return;
  }
  const auto size = static_cast<sunindextype>(n);
  matrix_ = Matrix(SUNDenseMatrix(size, size, context_.get()));
  linear_ = LinearSolver(SUNLinSol_Dense(x_.get(), matrix_.get(), context_.get()));
  require(CVodeSetLinearSolver(get(), linear_.get(), matrix_.get()), "CVodeSetLinearSolver",
          problem);
  if (problem.info.jacobian) {
    problem.jacobian.resize(static_cast<std::size_t>(n * n));
    require(CVodeSetJacFn(get(), jacobian), "CVodeSetJacFn", problem);
  }
}

void CvodesMemory::restart(double t, const double* x, const double* u) {
  problem.u = u;
  problem.flaw_time = std::numeric_limits<double>::quiet_NaN();
  problem.evaluations = 0;
  time_ = step_end_ = t;
  std::copy_n(x, problem.info.n, data_of(x_));
  require(CVodeReInit(get(), t, x_.get()), "CVodeReInit", problem);
  require(CVodeSetInitStep(get(), options_.step), "CVodeSetInitStep", problem);
}

// Step by step, since CVODES goes on for ever with steps that no longer move the time.
std::int32_t CvodesMemory::advance(double target, double stop, std::int64_t max_steps) {
  require(CVodeSetStopTime(get(), stop), "CVodeSetStopTime", problem);
  const double start = step_end_;
  for (; step_end_ < target; --max_steps) {
    time_ = step_end_;
    if (max_steps < 1) return DK_TOO_MANY_STEPS;
    const int flag = CVode(get(), stop, x_.get(), &step_end_, CV_ONE_STEP);
    problem.rethrow();
    if (problem.stopped) return DK_STOPPED;
    if (flag < 0) return outcome_of(flag);
    double h = 0.0;
    CVodeGetLastStep(get(), &h);
    time_ = step_end_;
    if (step_end_ < target && h < smallest_step(step_end_, stop - start)) {
      return problem.stuck(step_end_);
    }
  }
  time_ = target;
  require(CVodeGetDky(get(), target, 0, x_.get()), "CVodeGetDky", problem);
  return DK_REACHED_END;
}

std::int32_t CvodesMemory::outcome_of(int flag) const {
  switch (flag) {
    case CV_FIRST_RHSFUNC_ERR:
    case CV_REPTD_RHSFUNC_ERR:
    case CV_UNREC_RHSFUNC_ERR:
    case CV_FIRST_SRHSFUNC_ERR:
    case CV_REPTD_SRHSFUNC_ERR:
    case CV_UNREC_SRHSFUNC_ERR:
      return DK_NOT_FINITE;
    case CV_TOO_MUCH_ACC:
    case CV_TOO_CLOSE:
    case CV_ERR_FAILURE:
    case CV_CONV_FAILURE:
    case CV_LSETUP_FAIL:
      return problem.stuck(time_);
    default:
      require(flag, "CVode", problem);
  }
  return DK_NOT_FINITE;
}

IntegrationCounts CvodesMemory::counts() const {
  IntegrationCounts counts;
  long steps = 0, failures = 0;
  CVodeGetNumSteps(get(), &steps);
  CVodeGetNumErrTestFails(get(), &failures);
  counts.accepted = steps;
  counts.rejected = failures;
  counts.evaluations = problem.evaluations;
  return counts;
}

std::unique_ptr<OdeSolver> make_cvodes(VectorField& field, const IntegrationOptions& options) {
  return std::make_unique<CvodesMemory>(field, options);
}

}  // namespace dynkit::sundials
