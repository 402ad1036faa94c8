// Owners of SUNDIALS objects, and the problem as its callbacks see it.
#pragma once

#include <nvector/nvector_serial.h>
#include <sundials/sundials_context.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#include <cstdint>
#include <exception>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "poll.hpp"

namespace dynkit::sundials {

/// Owns a handle that `Free` releases.
template <class Handle, auto Free>
class Owner {
 public:
  explicit Owner(Handle handle = nullptr) : handle_(handle) {}
  ~Owner() {
    if (handle_ != nullptr) Free(handle_);
  }
  Owner(Owner&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owner& operator=(Owner&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  Handle get() const { return handle_; }

 private:
  Handle handle_;
};

inline void free_context(SUNContext context) {
  SUNContext_Free(&context);
}
inline void free_linear_solver(SUNLinearSolver solver) {
  SUNLinSolFree(solver);
}
inline void free_nonlinear_solver(SUNNonlinearSolver solver) {
  SUNNonlinSolFree(solver);
}

using Context = Owner<SUNContext, free_context>;
using Vector = Owner<N_Vector, N_VDestroy>;
using Matrix = Owner<SUNMatrix, SUNMatDestroy>;
using LinearSolver = Owner<SUNLinearSolver, free_linear_solver>;
using NonlinearSolver = Owner<SUNNonlinearSolver, free_nonlinear_solver>;

Context make_context();
Vector make_vector(std::int64_t n, const Context& context);
inline double* data_of(const Vector& vector) {
  return N_VGetArrayPointer(vector.get());
}

/// What the callbacks of one solver share.
struct Problem {
  Problem(VectorField& field, const IntegrationOptions& options);

  VectorField* field;
  FieldInfo info;
  const double* u = nullptr;     // [m] in force, or NULL
  Poll poll;                     // tells 0: how far the trajectory is, the solver's owner knows
  std::vector<double> jacobian;  // [n,n] row-major
  std::int64_t evaluations = 0;
  double flaw_time = std::numeric_limits<double>::quiet_NaN();  // where f was last no number
  bool stopped = false;                                         // on request
  std::exception_ptr thrown;  // by the field; passed on once SUNDIALS has returned
  std::string message;        // the last one of SUNDIALS
  void* extra = nullptr;      // of the owner of the solver

  dk_points points(const double* t, const double* x) const;

  /// Why no step goes on from time t: DK_NOT_FINITE where f is no number close by, else
  /// DK_STEP_TOO_SMALL.
  std::int32_t stuck(double t) const;
  void rethrow() const {
    if (thrown) std::rethrow_exception(thrown);
  }
};

// Callbacks; `data` is the Problem.
int right_hand_side(double t, N_Vector x, N_Vector dx, void* data);
int jacobian(double t, N_Vector x, N_Vector dx, SUNMatrix J, void* data, N_Vector, N_Vector,
             N_Vector);
void keep_message(int code, const char* module, const char* function, char* message, void* data);

/// Throws Error (DK_INTERNAL) with the call's name unless flag is 0.
void require(int flag, const char* call, const Problem& problem);

}  // namespace dynkit::sundials
