#include "sundials/handles.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sundials/field_call.hpp"

namespace dynkit::sundials {

Context make_context() {
  SUNContext context = nullptr;
  if (SUNContext_Create(nullptr, &context) != 0) {
    throw Error(DK_MEMORY, "SUNDIALS: no memory for a context");
  }
  return Context(context);
}

Vector make_vector(std::int64_t n, const Context& context) {
  Vector vector(N_VNew_Serial(static_cast<sunindextype>(n), context.get()));
  if (vector.get() == nullptr) throw Error(DK_MEMORY, "SUNDIALS: no memory for a vector");
  return vector;
}

Problem::Problem(VectorField& f, const IntegrationOptions& options)
    : field(&f), info(f.info()), poll(options.keep_going, [] { return 0.0; }) {}

dk_points Problem::points(const double* t, const double* x) const {
  dk_points points{};
  points.count = 1;
  points.layout = DK_ROWS;
  points.t = {t, 1};
  points.x = {x, info.n};
  if (u != nullptr) points.u = {u, info.m};
  return points;
}

std::int32_t Problem::stuck(double t) const {
  return std::abs(flaw_time - t) <= 1e-9 * std::abs(t) ? DK_NOT_FINITE : DK_STEP_TOO_SMALL;
}

int right_hand_side(double t, N_Vector x, N_Vector dx, void* data) {
  Problem& problem = *static_cast<Problem*>(data);
  ++problem.evaluations;
  double* out = N_VGetArrayPointer(dx);
  const dk_points points = problem.points(&t, N_VGetArrayPointer(x));
  const int flag = ask(problem, [&](dk_error* error) {
    return problem.field->eval(points, {out, problem.info.n}, error);
  });
  if (flag == kGiveUp) return flag;
  if (flag == 0 && all_finite(out, problem.info.n)) return 0;
  problem.flaw_time = t;
  return kTrySmallerStep;
}

// SUNDIALS keeps matrices by columns.
int jacobian(double t, N_Vector x, N_Vector, SUNMatrix J, void* data, N_Vector, N_Vector,
             N_Vector) {
  Problem& problem = *static_cast<Problem*>(data);
  const std::int64_t n = problem.info.n;
  const dk_points points = problem.points(&t, N_VGetArrayPointer(x));
  const int flag = ask(problem, [&](dk_error* error) {
    return problem.field->jacobian(points, {problem.jacobian.data(), n * n, n}, error);
  });
  if (flag != 0) return flag;
  if (!all_finite(problem.jacobian.data(), n * n)) return kTrySmallerStep;
  for (std::int64_t j = 0; j < n; ++j) {
    double* column = SUNDenseMatrix_Column(J, static_cast<sunindextype>(j));
    for (std::int64_t i = 0; i < n; ++i) {
      column[i] = problem.jacobian[static_cast<std::size_t>(i * n + j)];
    }
  }
  return 0;
}

void keep_message(int code, const char*, const char* function, char* message, void* data) {
  static_cast<Problem*>(data)->message = fmt::format("{}: {} ({})", function, message, code);
}

void require(int flag, const char* call, const Problem& problem) {
  if (flag == 0) return;
  throw Error(DK_INTERNAL, fmt::format("{} returned {}: {}", call, flag, problem.message));
}

}  // namespace dynkit::sundials
