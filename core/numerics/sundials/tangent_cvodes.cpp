// Tangents by CVODES' forward sensitivity analysis: the equations of V are solved after those of x
// in each step (staggered corrector), with the same Newton matrix [n,n] for all tangents.
#include <algorithm>
#include <cmath>
#include <vector>

#include "sundials/cvodes.hpp"
#include "tangent.hpp"

namespace dynkit {
namespace sundials {
namespace {

class CvodesTangents : public TangentPropagator::Solver {
 public:
  CvodesTangents(VectorField& field, std::int64_t K, const IntegrationOptions& options)
      : tangents_(field, K),
        K_(K),
        n_(tangents_.n()),
        V_(static_cast<std::size_t>(K * n_)),
        dV_(V_.size()),
        atol_(static_cast<std::size_t>(K)),
        solver_(field, options) {
    if (K == 0) return;
    for (std::int64_t k = 0; k < K; ++k) {
      owned_.push_back(make_vector(n_, solver_.context()));
      std::fill_n(data_of(owned_.back()), n_, 0.0);
      vectors_.push_back(owned_.back().get());
    }
    const int count = static_cast<int>(K);
    void* memory = solver_.get();
    need(CVodeSensInit(memory, count, CV_STAGGERED, right_hand_side_of_tangents, vectors_.data()),
         "CVodeSensInit");
    need(CVodeSetUserData(memory, &solver_.problem), "CVodeSetUserData");
    solver_.problem.extra = this;
    need(CVodeSetSensErrCon(memory, SUNTRUE), "CVodeSetSensErrCon");
    if (options.method == Method::adams) {
      iteration_ = NonlinearSolver(
          SUNNonlinSol_FixedPointSens(count, solver_.x().get(), 0, solver_.context().get()));
      need(CVodeSetNonlinearSolverSensStg(memory, iteration_.get()),
           "CVodeSetNonlinearSolverSensStg");
    }
  }

  TangentOutcome advance(double t0, double t1, const double* u, double* x, double* V) override {
    tangents_.set_input(u);
    solver_.restart(t0, x, u);
    if (K_ > 0) restart_tangents(V);
    const std::int32_t outcome = solver_.advance(t1, t1, solver_.options().max_steps);
    const double t = solver_.time();
    std::copy_n(solver_.state(), n_, x);
    if (K_ == 0) return {outcome, t};
    if (t == t0) return {outcome, t};  // no step: V is still as it was
    double reached = t;
    need(CVodeGetSens(solver_.get(), &reached, vectors_.data()), "CVodeGetSens");
    for (std::int64_t k = 0; k < K_; ++k) std::copy_n(vector(k), n_, V + k * n_);
    return {outcome, t};
  }

 private:
  double* vector(std::int64_t k) { return data_of(owned_[static_cast<std::size_t>(k)]); }
  void need(int flag, const char* call) { require(flag, call, solver_.problem); }

  // The tolerance of a tangent is relative to its length at the start.
  void restart_tangents(const double* V) {
    for (std::int64_t k = 0; k < K_; ++k) {
      double square = 0.0;
      for (std::int64_t i = 0; i < n_; ++i) {
        vector(k)[i] = V[k * n_ + i];
        square += V[k * n_ + i] * V[k * n_ + i];
      }
      const double length = std::sqrt(square / static_cast<double>(n_));
      atol_[static_cast<std::size_t>(k)] = std::max(1e-290, solver_.options().rtol * length);
    }
    need(CVodeSensReInit(solver_.get(), CV_STAGGERED, vectors_.data()), "CVodeSensReInit");
    need(CVodeSensSStolerances(solver_.get(), solver_.options().rtol, atol_.data()),
         "CVodeSensSStolerances");
  }

  static int right_hand_side_of_tangents(int, double t, N_Vector x, N_Vector, N_Vector* V,
                                         N_Vector* dV, void* data, N_Vector, N_Vector) {
    Problem& problem = *static_cast<Problem*>(data);
    try {
      return static_cast<CvodesTangents*>(problem.extra)->evaluate(t, x, V, dV) ? 0 : 1;
    } catch (...) {
      problem.thrown = std::current_exception();
      return -1;
    }
  }

  // False where the result is not finite.
  bool evaluate(double t, N_Vector x, N_Vector* V, N_Vector* dV) {
    for (std::int64_t k = 0; k < K_; ++k) {
      std::copy_n(N_VGetArrayPointer(V[k]), n_, V_.data() + k * n_);
    }
    tangents_.eval_tangents(t, N_VGetArrayPointer(x), V_.data(), dV_.data());
    for (std::int64_t k = 0; k < K_; ++k) {
      std::copy_n(dV_.data() + k * n_, n_, N_VGetArrayPointer(dV[k]));
    }
    return std::all_of(dV_.begin(), dV_.end(), [](double v) { return std::isfinite(v); });
  }

  TangentField tangents_;
  const std::int64_t K_, n_;
  std::vector<double> V_, dV_, atol_;
  CvodesMemory solver_;
  std::vector<Vector> owned_;  // freed before the context of the solver
  std::vector<N_Vector> vectors_;
  NonlinearSolver iteration_;
};

}  // namespace
}  // namespace sundials

std::unique_ptr<TangentPropagator::Solver> make_cvodes_tangents(VectorField& field, std::int64_t K,
                                                                const IntegrationOptions& options) {
  return std::make_unique<sundials::CvodesTangents>(field, K, options);
}

}  // namespace dynkit
