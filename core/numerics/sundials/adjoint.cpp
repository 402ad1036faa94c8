// The continuous adjoint by CVODES. Between two times of the loss
//
//     dx/dt = f(t, x, u; theta),     dx_bar/dt = -(df/dx)^T x_bar,                              (1)
//     theta_bar = int_t0^t1 (df/dtheta)^T x_bar dt,                                             (2)
//
// the second backwards from t1 along the x that the first has left, and at a time t_k of the loss
// x_bar += dL_k/dx.
//
// (2) is a quadrature under error control. x comes from polynomials through the steps of the way
// there, of the order of the method. The cubic Hermite polynomials that CVODES has as well were 80
// times less accurate between the long steps of adams at rtol 1e-12 (a linear flow, n = 2).
//
// R. Serban and A. C. Hindmarsh, "CVODES: the sensitivity-enabled ODE solver in SUNDIALS",
// ASME IDETC/CIE 2005; Y. Cao, S. Li, L. Petzold and R. Serban, SIAM J. Sci. Comput. 24, 1076
// (2003) for the equations.
#include "dynkit/core/adjoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dynkit/core/steps.hpp"
#include "sundials/adjoint_field.hpp"
#include "sundials/adjoint_path.hpp"

namespace dynkit {
namespace {

using sundials::data_of;
using sundials::Vector;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = 1e-290;  // CVODES refuses tolerances of 0

double root_mean_square(const double* values, std::int64_t count) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) sum += values[i] * values[i];
  return std::sqrt(sum / static_cast<double>(count));
}

const AdjointOptions& checked(const AdjointOptions& options) {
  const Method method = options.integration.method;
  if (method != Method::adams && method != Method::bdf) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("method '{}' has no continuous adjoint: 'adams' and 'bdf' have",
                            method_name(method)));
  }
  if (options.checkpoint_steps < AdjointOptions::kFewestSteps) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("checkpoint_steps is {}, which must be at least {}",
                            options.checkpoint_steps, AdjointOptions::kFewestSteps));
  }
  return options;
}

}  // namespace

class CvodesAdjoint::Solver {
 public:
  Solver(TransposedField& field, const AdjointOptions& options)
      : field_(field),
        there_(field_, checked(options).integration, options.checkpoint_steps),
        n_(field_.info().n),
        p_(field.parameters()),
        x_bar_(sundials::make_vector(n_, context())),
        x_(sundials::make_vector(n_, context())) {
    const bool adams = options.integration.method == Method::adams;
    N_VConst(0.0, x_bar_.get());
    need(CVodeCreateB(memory(), adams ? CV_ADAMS : CV_BDF, &back_), "CVodeCreateB");
    need(CVodeInitB(memory(), back_, cotangent_slope, 0.0, x_bar_.get()), "CVodeInitB");
    need(CVodeSetUserDataB(memory(), back_, this), "CVodeSetUserDataB");
    need(CVodeSStolerancesB(memory(), back_, rtol(), kTiny), "CVodeSStolerancesB");
    need(CVodeSetMaxNumStepsB(memory(), back_, static_cast<long>(options.integration.max_steps)),
         "CVodeSetMaxNumStepsB");
    adams ? attach_iteration() : attach_newton();
    if (p_ > 0) attach_quadrature();
  }

  std::int32_t forward(const AdjointPiece& piece, const double* x0, double* states,
                       std::int64_t stride) {
    piece_ = piece;
    outcome_ = there_.run(piece, x0, states, stride);
    return outcome_;
  }

  std::int32_t backward(const double* jumps, std::int64_t stride, double* x_bar,
                        double* theta_bar) {
    const std::int32_t outcome =
        outcome_ == DK_REACHED_END ? go_back(jumps, stride, x_bar, theta_bar) : outcome_;
    if (outcome == DK_REACHED_END) return outcome;
    std::fill_n(x_bar, n_, kNaN);
    if (theta_bar != nullptr) std::fill_n(theta_bar, p_, kNaN);
    return outcome;
  }

 private:
  void* memory() const { return there_.solver().get(); }
  const sundials::Context& context() const { return there_.solver().context(); }
  sundials::Problem& problem() { return there_.solver().problem; }
  double rtol() const { return there_.solver().options().rtol; }
  void need(int flag, const char* call) { sundials::require(flag, call, problem()); }

  void attach_iteration() {
    iteration_ =
        sundials::NonlinearSolver(SUNNonlinSol_FixedPoint(x_bar_.get(), 0, context().get()));
    need(CVodeSetNonlinearSolverB(memory(), back_, iteration_.get()), "CVodeSetNonlinearSolverB");
  }

  void attach_newton() {
    const auto size = static_cast<sunindextype>(n_);
    matrix_ = sundials::Matrix(SUNDenseMatrix(size, size, context().get()));
    linear_ = sundials::LinearSolver(SUNLinSol_Dense(x_bar_.get(), matrix_.get(), context().get()));
    jacobian_.resize(static_cast<std::size_t>(n_ * n_));
    need(CVodeSetLinearSolverB(memory(), back_, linear_.get(), matrix_.get()),
         "CVodeSetLinearSolverB");
    need(CVodeSetJacFnB(memory(), back_, cotangent_jacobian), "CVodeSetJacFnB");
  }

  void attach_quadrature() {
    theta_bar_ = sundials::make_vector(p_, context());
    N_VConst(0.0, theta_bar_.get());
    unused_.resize(static_cast<std::size_t>(n_));
    integrand_.resize(static_cast<std::size_t>(p_));
    need(CVodeQuadInitB(memory(), back_, parameter_slope, theta_bar_.get()), "CVodeQuadInitB");
    need(CVodeQuadSStolerancesB(memory(), back_, rtol(), kTiny), "CVodeQuadSStolerancesB");
    need(CVodeSetQuadErrConB(memory(), back_, SUNTRUE), "CVodeSetQuadErrConB");
  }

  // From the end of the piece, stopping at the beginnings of sections and at the times of the loss.
  std::int32_t go_back(const double* jumps, std::int64_t stride, double* x_bar, double* theta_bar) {
    std::int64_t k = piece_.T - 2;  // the next time of the loss
    double t = piece_.times[piece_.T - 1];
    for (std::int64_t section = there_.sections() - 1; section >= 0; --section) {
      std::int32_t outcome = there_.load(section);
      while (outcome == DK_REACHED_END && t > there_.begin(section)) {
        const double end = std::max(there_.begin(section), piece_.times[k]);
        outcome = carry(t, end, x_bar, theta_bar);
        t = end;
        if (k == 0 || t > piece_.times[k]) continue;
        for (std::int64_t i = 0; i < n_; ++i) x_bar[i] += jumps[k * stride + i];
        --k;
      }
      if (outcome != DK_REACHED_END) return outcome;
    }
    return DK_REACHED_END;
  }

  // x_bar and theta_bar from t1 back to t0, within the section that is loaded.
  std::int32_t carry(double t1, double t0, double* x_bar, double* theta_bar) {
    const double length = root_mean_square(x_bar, n_);
    if (length == 0.0) return DK_REACHED_END;  // and stays so, since (1) is linear
    if (!std::isfinite(length)) return DK_NOT_FINITE;
    if (t1 - t0 < smallest_step(t1, t1 - t0)) return DK_REACHED_END;  // a section ends close by
    std::copy_n(x_bar, n_, data_of(x_bar_));
    need(CVodeReInitB(memory(), back_, t1, x_bar_.get()), "CVodeReInitB");
    need(CVodeSStolerancesB(memory(), back_, rtol(), std::max(kTiny, rtol() * length)),
         "CVodeSStolerancesB");
    if (p_ > 0) {
      const double size = quadrature_size(t1, t0, x_bar, length);
      N_VConst(0.0, theta_bar_.get());
      need(CVodeQuadReInitB(memory(), back_, theta_bar_.get()), "CVodeQuadReInitB");
      need(CVodeQuadSStolerancesB(memory(), back_, rtol(), std::max(kTiny, rtol() * size)),
           "CVodeQuadSStolerancesB");
    }
    const int flag = CVodeB(memory(), t0, CV_NORMAL);
    if (flag < 0) return there_.outcome_of(flag, "CVodeB", t0);
    double reached = t0;
    need(CVodeGetB(memory(), back_, &reached, x_bar_.get()), "CVodeGetB");
    std::copy_n(data_of(x_bar_), n_, x_bar);
    if (p_ == 0 || theta_bar == nullptr) return DK_REACHED_END;
    need(CVodeGetQuadB(memory(), back_, &reached, theta_bar_.get()), "CVodeGetQuadB");
    for (std::int64_t i = 0; i < p_; ++i) theta_bar[i] += data_of(theta_bar_)[i];
    return DK_REACHED_END;
  }

  // The size of the quadrature (2), for its absolute tolerance: it begins at 0. The integrand with
  // the x_bar of t1 at both ends; one that vanishes there counts as eight digits less than x_bar.
  double quadrature_size(double t1, double t0, const double* x_bar, double length) {
    double slope = 1e-8 * length;
    for (const double t : {t1, t0}) {
      std::fill(integrand_.begin(), integrand_.end(), 0.0);
      need(CVodeGetAdjY(memory(), t, x_.get()), "CVodeGetAdjY");
      const int flag = transposed(t, data_of(x_), x_bar, unused_.data(), integrand_.data());
      if (flag == 0) slope = std::max(slope, root_mean_square(integrand_.data(), p_));
    }
    return slope * (t1 - t0);
  }

  // One product with the transposed derivatives at x; what CVODES is to be told.
  int transposed(double t, const double* x, const double* f_bar, double* x_bar, double* theta_bar) {
    dk_points points = problem().points(&t, x);
    dk_cotangents cotangents{};
    cotangents.count = 1;
    cotangents.out = {f_bar, n_};
    cotangents.x = {x_bar, n_};
    cotangents.theta = {theta_bar, 0};
    return sundials::ask_for_transpose(problem(), field_.own(), points, cotangents);
  }

  // Callbacks of the way back; `data` is the solver.
  static int cotangent_slope(double t, N_Vector x, N_Vector x_bar, N_Vector slope, void* data) {
    Solver& self = *static_cast<Solver*>(data);
    ++self.problem().evaluations;
    const int flag = self.transposed(t, N_VGetArrayPointer(x), N_VGetArrayPointer(x_bar),
                                     N_VGetArrayPointer(slope), nullptr);
    N_VScale(-1.0, slope, slope);
    return flag;
  }

  static int parameter_slope(double t, N_Vector x, N_Vector x_bar, N_Vector slope, void* data) {
    Solver& self = *static_cast<Solver*>(data);
    N_VConst(0.0, slope);
    const int flag = self.transposed(t, N_VGetArrayPointer(x), N_VGetArrayPointer(x_bar),
                                     self.unused_.data(), N_VGetArrayPointer(slope));
    N_VScale(-1.0, slope, slope);
    return flag;
  }

  // -J^T, by columns as SUNDIALS keeps it.
  static int cotangent_jacobian(double t, N_Vector x, N_Vector, N_Vector, SUNMatrix matrix,
                                void* data, N_Vector, N_Vector, N_Vector) {
    Solver& self = *static_cast<Solver*>(data);
    const std::int64_t n = self.n_;
    const dk_points points = self.problem().points(&t, N_VGetArrayPointer(x));
    const int flag = sundials::ask_for_jacobian(self.problem(), self.field_, points,
                                                {self.jacobian_.data(), n * n, n});
    for (std::int64_t j = 0; flag == 0 && j < n; ++j) {
      double* column = SUNDenseMatrix_Column(matrix, static_cast<sunindextype>(j));
      const double* row = self.jacobian_.data() + j * n;
      std::transform(row, row + n, column, [](double value) { return -value; });
    }
    return flag;
  }

  sundials::FieldWithJacobian field_;
  sundials::AdjointPath there_;
  const std::int64_t n_, p_;
  int back_ = 0;  // CVODES' number of the way back
  AdjointPiece piece_;
  std::int32_t outcome_ = DK_NOT_FINITE;  // of the way there
  std::vector<double> jacobian_, unused_, integrand_;
  Vector x_bar_, x_, theta_bar_;  // freed before the context of the solver
  sundials::Matrix matrix_;
  sundials::LinearSolver linear_;
  sundials::NonlinearSolver iteration_;
};

CvodesAdjoint::CvodesAdjoint(TransposedField& field, const AdjointOptions& options)
    : solver_(std::make_unique<Solver>(field, options)) {}
CvodesAdjoint::~CvodesAdjoint() = default;
CvodesAdjoint::CvodesAdjoint(CvodesAdjoint&&) noexcept = default;
CvodesAdjoint& CvodesAdjoint::operator=(CvodesAdjoint&&) noexcept = default;

std::int32_t CvodesAdjoint::forward(const AdjointPiece& piece, const double* x0, double* states,
                                    std::int64_t stride) {
  return solver_->forward(piece, x0, states, stride);
}

std::int32_t CvodesAdjoint::backward(const double* jumps, std::int64_t stride, double* x_bar,
                                     double* theta_bar) {
  return solver_->backward(jumps, stride, x_bar, theta_bar);
}

}  // namespace dynkit
