// dynkit.balance/1: another residual r(x,u) with the zeros of F(x,u) - x or f(x,u).
#include <algorithm>
#include <array>
#include <cmath>

#include "all_operations.hpp"
#include "checks.hpp"
#include "differences.hpp"
#include "dynkit/balance.h"
#include "small_lu.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSamples = 7;
constexpr int kStarts = 40;
constexpr int kSteps = 60;

// r [S,n] and dr/dx [S,n,n] of a model.
class Balance {
 public:
  explicit Balance(const Subject& subject)
      : subject_(subject), table_(subject.extension<dk_balance_v1>(DK_BALANCE_V1)) {
    if (table_ == nullptr) skip("does not offer {}", DK_BALANCE_V1);
    if (table_->residual == nullptr || table_->linearized == nullptr) {
      fail("a function of it is NULL");
    }
  }

  Numbers residual(const Batch& batch, const Form& form = {}) const {
    const Placed r = Placed::rows("the residual", batch.S, n(), form, false);
    const dk_output output = r.output();
    Caller(subject_, batch, form)
        .run("residual", scratch(batch.S), [&](const dk_points* points, dk_error* error) {
          return table_->residual(subject_.model(), points, &output, error);
        });
    r.check_gaps();
    r.check_written();
    return r.read();
  }

  /// `r` nullptr: not wanted.
  Numbers linearized(const Batch& batch, Numbers* r, const Form& form = {}) const {
    const Placed residual = Placed::rows("the residual", batch.S, n(), form, false);
    const Placed J = Placed::matrices("the residual's Jacobian", batch.S, n(), n(), form);
    const dk_output output = r != nullptr ? residual.output() : dk_output{};
    const dk_matrices matrices = J.as_matrices();
    Caller(subject_, batch, form)
        .run("linearized", scratch(batch.S), [&](const dk_points* points, dk_error* error) {
          return table_->linearized(subject_.model(), points, &output, &matrices, error);
        });
    residual.check_gaps();
    J.check_gaps();
    J.check_written();
    if (r != nullptr) {
      residual.check_written();
      *r = residual.read();
    }
    return J.read();
  }

 private:
  std::int64_t n() const { return subject_.facts().n; }
  std::int64_t scratch(std::int64_t S) const {
    const auto& size = subject_.operations().scratch_size;
    return size ? size(DK_RESIDUAL, S, 1) : 0;
  }

  const Subject& subject_;
  const dk_balance_v1* table_;
};

void check_balance_values(const CheckContext& context) {
  const Subject subject(context);
  const Balance balance(subject);
  const std::int64_t n = subject.facts().n;
  const Batch batch = draw_points(subject, kSamples, "balance", true);
  const Numbers r = balance.residual(batch);
  Numbers together;
  const Numbers J = balance.linearized(batch, &together);
  expect_close("the residual of linearized against residual", together, r, n, 1e-12);
  expect_close("the Jacobian of linearized when r is not wanted",
               balance.linearized(batch, nullptr), J, n * n, 1e-12);
  for (const bool prepared : {false, true}) {
    Form form;
    form.gap = 3;
    form.prepared = prepared;
    expect_close("the residual with wide strides", balance.residual(batch, form), r, n, 1e-12);
    expect_close("the residual's Jacobian with wide strides",
                 balance.linearized(batch, nullptr, form), J, n * n, 1e-12);
  }
}

// Central differences with two steps, extrapolated: error O(h^4) + eps / h.
void check_balance_jacobian(const CheckContext& context) {
  const Subject subject(context);
  const Balance balance(subject);
  const Facts& facts = subject.facts();
  const Batch batch = draw_points(subject, kSamples, "balance", false);
  const Numbers J = balance.linearized(batch, nullptr);
  const auto n = static_cast<std::size_t>(facts.n);
  for (std::size_t j = 0; j < n; ++j) {
    const double unit = scale_of_state(facts, static_cast<std::int64_t>(j));
    const auto difference = [&](double h) {
      Batch up = batch, down = batch;
      for (std::size_t s = 0; s < static_cast<std::size_t>(kSamples); ++s) {
        up.x[s * n + j] += h * unit;
        down.x[s * n + j] -= h * unit;
      }
      Numbers slope = balance.residual(up);
      const Numbers below = balance.residual(down);
      for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = (slope[i] - below[i]) / (2.0 * h);
      return slope;
    };
    const Numbers coarse = difference(0x1p-9), fine = difference(0x1p-10);
    Numbers column, expected;
    for (std::size_t i = 0; i < coarse.size(); ++i) {
      column.push_back(J[i * n + j] * unit);
      expected.push_back((4.0 * fine[i] - coarse[i]) / 3.0);
    }
    if (facts.has(DK_NOT_SMOOTH) && largest_magnitude(expected) == 0.0) continue;
    expect_close(fmt::format("column {} of the residual's Jacobian against differences", j), column,
                 expected, facts.n, 1e-6);
  }
}

// F(x,u) - x or f(x,u), and its derivative.
Numbers plain_residual(const Subject& subject, const Batch& batch) {
  Numbers r = Caller(subject, batch).eval();
  if (subject.facts().time_kind == DK_FLOW) return r;
  for (std::size_t i = 0; i < r.size(); ++i) r[i] -= batch.x[i];
  return r;
}

// det(-dr/dx) for the plain residual, by the model's Jacobian.
int plain_sign(const Subject& subject, const Batch& batch) {
  Numbers J = Caller(subject, batch).jacobian(DK_WRT_STATE);
  const auto n = static_cast<std::size_t>(subject.facts().n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double one = subject.facts().time_kind == DK_MAP && i == j ? 1.0 : 0.0;
      J[i * n + j] = one - J[i * n + j];
    }
  }
  return solve(J, Numbers(n)).sign;
}

// Newton's method on r from one point with halved steps; true: |r| fell to rounding.
bool descend(const Balance& balance, Batch& point) {
  Numbers r;
  Numbers J = balance.linearized(point, &r);
  for (int step = 0; step < kSteps; ++step) {
    if (largest_magnitude(r) < 1e-12 * (1.0 + largest_magnitude(point.x))) return true;
    const Solution newton = solve(J, r);
    if (newton.x.empty()) return false;
    Batch trial = point;
    Numbers trial_r;
    double share = 1.0;
    for (; share > 1e-3; share /= 2.0) {
      for (std::size_t i = 0; i < r.size(); ++i) trial.x[i] = point.x[i] - share * newton.x[i];
      trial_r = balance.residual(trial);
      const bool finite = std::all_of(trial_r.begin(), trial_r.end(),
                                      [](double value) { return std::isfinite(value); });
      if (finite && largest_magnitude(trial_r) < largest_magnitude(r)) break;
    }
    if (share <= 1e-3) return false;
    point = trial;
    J = balance.linearized(point, &r);
  }
  return false;
}

void check_balance_zeros(const CheckContext& context) {
  const Subject subject(context);
  const Balance balance(subject);
  const Batch starts = draw_points(subject, kStarts, "balance zeros", false);
  int found = 0;
  for (std::int64_t s = 0; s < kStarts; ++s) {
    Batch point = starts.part(s, s + 1);
    if (!descend(balance, point)) continue;
    ++found;
    const Numbers plain = plain_residual(subject, point);
    const double size = 1.0 + largest_magnitude(point.x);
    if (!(largest_magnitude(plain) <= 1e-9 * size)) {
      fail("the residual is zero at a point where {} is {:.3g}",
           subject.facts().time_kind == DK_MAP ? "F(x) - x" : "f(x)", largest_magnitude(plain));
    }
    if (!subject.operations().jacobian) continue;
    Numbers J = balance.linearized(point, nullptr);
    for (double& value : J) value = -value;
    const int own = solve(J, Numbers(static_cast<std::size_t>(subject.facts().n))).sign;
    const int theirs = plain_sign(subject, point);
    if (own != 0 && theirs != 0 && own != theirs) {
      fail("at a zero det(-dr/dx) has the sign {}, that of the plain residual {}", own, theirs);
    }
  }
  if (found == 0) skip("Newton's method found no zero of the residual from {} starts", kStarts);
}

// What is at rest under the plain residual is a zero of r: iterates of a map that settled.
void check_balance_rest(const CheckContext& context) {
  const Subject subject(context);
  const Balance balance(subject);
  if (subject.facts().time_kind != DK_MAP) skip("a flow has no iterates");
  Batch batch = draw_points(subject, kStarts, "balance rest", false);
  for (int k = 0; k < 2000; ++k) batch.x = Caller(subject, batch).eval();
  int settled = 0;
  for (std::int64_t s = 0; s < kStarts; ++s) {
    const Batch point = batch.part(s, s + 1);
    const double size = 1.0 + largest_magnitude(point.x);
    if (!(largest_magnitude(plain_residual(subject, point)) <= 1e-14 * size)) continue;
    ++settled;
    const double own = largest_magnitude(balance.residual(point));
    // Gates may shrink the plain residual by several orders.
    if (own > 1e-6 * size) fail("the residual is {:.3g} at a point that rests", own);
  }
  if (settled == 0) skip("none of {} trajectories came to rest", kStarts);
}

constexpr std::array kChecks = {
    Check{"balance", Scope::model, false,
          "dynkit.balance/1: residual and linearized agree with each other, also where r is not "
          "wanted, in wide strides and with prepared parameters.",
          check_balance_values},
    Check{"balance_jacobian", Scope::model, false,
          "The Jacobian of the balanced residual agrees with its differences.",
          check_balance_jacobian},
    Check{
        "balance_zeros", Scope::model, false,
        "Where Newton's method brings the balanced residual to zero, F(x) - x or f(x) is zero too, "
        "and det(-dr/dx) has the sign that it has for the plain residual.",
        check_balance_zeros},
    Check{"balance_rest", Scope::model, false,
          "Where 2000 steps of a map have come to rest, the balanced residual is zero.",
          check_balance_rest},
};

}  // namespace

std::span<const Check> balance_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
