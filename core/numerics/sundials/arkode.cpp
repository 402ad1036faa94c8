// ARKODE's ARKStep: an explicit method of order 5, or a diagonally implicit one of order 4 with
// Newton iteration on the dense Jacobian. It lands on every time of output, since its interpolants
// are of lower order than its methods.
//
// D. R. Reynolds, D. J. Gardner, C. S. Woodward and R. Chinomona, "ARKODE: A flexible IVP solver
// infrastructure for one-step methods", ACM Trans. Math. Softw. 49, 19 (2023).
#include <arkode/arkode_arkstep.h>

#include <algorithm>

#include "dynkit/core/steps.hpp"
#include "sundials/handles.hpp"
#include "sundials/solver.hpp"

namespace dynkit::sundials {
namespace {

void free_arkode(void* memory) {
  ARKStepFree(&memory);
}

class Arkode : public OdeSolver {
 public:
  Arkode(VectorField& field, const IntegrationOptions& options)
      : options_(options), context_(make_context()), problem_(field, options) {
    x_ = make_vector(problem_.info.n, context_);
    std::fill_n(data_of(x_), problem_.info.n, 0.0);
    memory_ =
        Memory(ARKStepCreate(explicit_part(), implicit_part(), 0.0, x_.get(), context_.get()));
    if (get() == nullptr) throw Error(DK_MEMORY, "SUNDIALS: no memory for ARKODE");
    require(ARKStepSetErrHandlerFn(get(), keep_message, &problem_), "ARKStepSetErrHandlerFn",
            problem_);
    require(ARKStepSetUserData(get(), &problem_), "ARKStepSetUserData", problem_);
    require(ARKStepSStolerances(get(), options_.rtol, options_.atol), "ARKStepSStolerances",
            problem_);
    require(ARKStepSetMaxHnilWarns(get(), -1), "ARKStepSetMaxHnilWarns", problem_);
    require(ARKStepSetOrder(get(), implicit() ? 4 : 5), "ARKStepSetOrder", problem_);
    if (implicit()) use_newton();
  }

  void restart(double t, const double* x, const double* u) override {
    problem_.u = u;
    problem_.flaw_time = std::numeric_limits<double>::quiet_NaN();
    problem_.evaluations = 0;
    time_ = t;
    std::copy_n(x, problem_.info.n, data_of(x_));
    require(ARKStepReInit(get(), explicit_part(), implicit_part(), t, x_.get()), "ARKStepReInit",
            problem_);
    require(ARKStepSetInitStep(get(), options_.step), "ARKStepSetInitStep", problem_);
  }

  std::int32_t advance(double target, double, std::int64_t max_steps) override {
    require(ARKStepSetStopTime(get(), target), "ARKStepSetStopTime", problem_);
    const double start = time_;
    for (; time_ < target; --max_steps) {
      if (max_steps < 1) return DK_TOO_MANY_STEPS;
      const int flag = ARKStepEvolve(get(), target, x_.get(), &time_, ARK_ONE_STEP);
      problem_.rethrow();
      if (problem_.stopped) return DK_STOPPED;
      if (flag < 0) return outcome_of(flag);
      double h = 0.0;
      ARKStepGetLastStep(get(), &h);
      if (time_ < target && h < smallest_step(time_, target - start)) return problem_.stuck(time_);
    }
    return DK_REACHED_END;
  }

  const double* state() const override { return data_of(x_); }
  double time() const override { return time_; }

  IntegrationCounts counts() const override {
    IntegrationCounts counts;
    long steps = 0, failures = 0;
    ARKStepGetNumSteps(get(), &steps);
    ARKStepGetNumErrTestFails(get(), &failures);
    counts.accepted = steps;
    counts.rejected = failures;
    counts.evaluations = problem_.evaluations;
    return counts;
  }

 private:
  using Memory = Owner<void*, free_arkode>;

  void* get() const { return memory_.get(); }
  bool implicit() const { return options_.method == Method::dirk; }
  ARKRhsFn explicit_part() const { return implicit() ? nullptr : right_hand_side; }
  ARKRhsFn implicit_part() const { return implicit() ? right_hand_side : nullptr; }

  std::int32_t outcome_of(int flag) const {
    switch (flag) {
      case ARK_FIRST_RHSFUNC_ERR:
      case ARK_REPTD_RHSFUNC_ERR:
      case ARK_UNREC_RHSFUNC_ERR:
        return DK_NOT_FINITE;
      case ARK_TOO_MUCH_ACC:
      case ARK_TOO_CLOSE:
      case ARK_ERR_FAILURE:
      case ARK_CONV_FAILURE:
      case ARK_LSETUP_FAIL:
        return problem_.stuck(time_);
      default:
        require(flag, "ARKStepEvolve", problem_);
    }
    return DK_NOT_FINITE;
  }

  void use_newton() {
    const std::int64_t n = problem_.info.n;
    const auto size = static_cast<sunindextype>(n);
    matrix_ = Matrix(SUNDenseMatrix(size, size, context_.get()));
    linear_ = LinearSolver(SUNLinSol_Dense(x_.get(), matrix_.get(), context_.get()));
    require(ARKStepSetLinearSolver(get(), linear_.get(), matrix_.get()), "ARKStepSetLinearSolver",
            problem_);
    // By default Newton's rate of convergence is remembered as 0.3 times what it was, even where
    // one iteration was enough to see nothing of it. After some steps of an almost linear problem
    // it counts as so small that the first iteration passes with a matrix of another step size:
    // errors of 1e-5 at a tolerance of 1e-8, unseen by the error estimate.
    require(ARKStepSetNonlinCRDown(get(), 1.0), "ARKStepSetNonlinCRDown", problem_);
    if (!problem_.info.jacobian) return;
    problem_.jacobian.resize(static_cast<std::size_t>(n * n));
    require(ARKStepSetJacFn(get(), jacobian), "ARKStepSetJacFn", problem_);
  }

  IntegrationOptions options_;
  Context context_;  // declared first, so that it goes last
  Problem problem_;
  Vector x_;
  Matrix matrix_;
  LinearSolver linear_;
  Memory memory_;
  double time_ = 0.0;
};

}  // namespace

std::unique_ptr<OdeSolver> make_arkode(VectorField& field, const IntegrationOptions& options) {
  return std::make_unique<Arkode>(field, options);
}

}  // namespace dynkit::sundials
