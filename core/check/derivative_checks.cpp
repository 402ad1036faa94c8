// Derivatives against differences of eval, and against each other.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "all_operations.hpp"
#include "checks.hpp"
#include "differences.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kLeastSamples = 9;
constexpr std::int64_t kLeastDirections = 2;
constexpr std::int64_t kMostColumns = 48;
constexpr std::array kArguments = {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS};

// S and K, unlike every size of the subject and each other.
struct Counts {
  explicit Counts(const Subject& subject)
      : S(distinct_count(subject.facts(), kLeastSamples)),
        K(distinct_count(subject.facts(), kLeastDirections)) {}
  std::int64_t S, K;
};

// A step along one element that matters at its magnitude.
double unit_of(const Facts& facts, std::int32_t wrt, std::int64_t j, double value) {
  if (wrt == DK_WRT_STATE) return scale_of_state(facts, j);
  return wrt == DK_WRT_INPUT ? 1.0 : 0.1 + std::abs(value);
}

// Columns to look at: all, or a random choice of many.
std::vector<std::int64_t> chosen_columns(const Subject& subject, std::int64_t k) {
  std::vector<std::int64_t> columns(static_cast<std::size_t>(std::min(k, kMostColumns)));
  dk_stream stream = subject.context().stream("columns");
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<std::int64_t>(i);
  if (k > kMostColumns) draw_integer(stream, k, columns);
  return columns;
}

void compare_jacobian(const Subject& subject, const Batch& batch, std::int32_t wrt,
                      SlopeComparison& comparison) {
  const Facts& facts = subject.facts();
  const std::int64_t k = facts.width(wrt);
  if (k == 0) return;
  const Numbers J = Caller(subject, batch).jacobian(wrt);
  for (const std::int64_t j : chosen_columns(subject, k)) {
    const double unit = unit_of(
        facts, wrt, j, wrt == DK_WRT_PARAMETERS ? batch.theta[static_cast<std::size_t>(j)] : 0.0);
    Numbers dot(static_cast<std::size_t>(batch.S * k));
    Numbers column;
    for (std::int64_t s = 0; s < batch.S; ++s) {
      dot[static_cast<std::size_t>(s * k + j)] = unit;
      for (std::int64_t i = 0; i < facts.q; ++i) {
        column.push_back(unit * J[static_cast<std::size_t>((s * facts.q + i) * k + j)]);
      }
    }
    const Slopes slopes = slopes_along(subject, batch, wrt == DK_WRT_STATE ? dot : Numbers{},
                                       wrt == DK_WRT_INPUT ? dot : Numbers{},
                                       wrt == DK_WRT_PARAMETERS ? dot : Numbers{});
    comparison.add(fmt::format("the Jacobian with respect to {}", element_name(facts, wrt, j)),
                   column, slopes);
  }
}

void check_jacobian(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.operations().jacobian) skip("offers no jacobian");
  const Batch batch = draw_points(subject, Counts(subject).S, "Jacobian", false);
  SlopeComparison comparison(subject);
  for (const std::int32_t wrt : kArguments) compare_jacobian(subject, batch, wrt, comparison);
  comparison.finish();
}

// The tangents of one argument only.
Directions only(const Directions& all, std::int32_t wrt) {
  Directions one = all;
  if (wrt != DK_WRT_STATE) one.x.clear();
  if (wrt != DK_WRT_INPUT) one.u.clear();
  if (wrt != DK_WRT_PARAMETERS) one.theta.clear();
  return one;
}

const char* letter(std::int32_t wrt) {
  return wrt == DK_WRT_STATE ? "x" : wrt == DK_WRT_INPUT ? "u" : "theta";
}

// Direction k of each sample, from [S,K,width].
Numbers direction(const Numbers& all, std::int64_t K, std::int64_t k, std::int64_t width) {
  Numbers one;
  const auto size = static_cast<std::int64_t>(all.size());
  for (std::int64_t first = k * width; first < size; first += K * width) {
    const auto begin = all.begin() + first;
    one.insert(one.end(), begin, begin + width);
  }
  return one;
}

// Tangents of the order of the arguments' magnitudes.
Directions scaled_directions(const Subject& subject, const Counts& counts, std::string_view name) {
  const Facts& facts = subject.facts();
  Directions directions = draw_directions(subject, counts.S, counts.K, name);
  for (std::size_t i = 0; i < directions.x.size(); ++i) {
    directions.x[i] *= 0.5 * scale_of_state(facts, static_cast<std::int64_t>(i) %
                                                       std::max<std::int64_t>(facts.n, 1));
  }
  const double share = 0.3 / std::sqrt(static_cast<double>(std::max<std::int64_t>(facts.p, 1)));
  for (double& value : directions.theta) value *= share;
  return directions;
}

void check_jvp(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.operations().jvp) skip("offers no jvp");
  const Facts& facts = subject.facts();
  const Counts counts(subject);
  const Batch batch = draw_points(subject, counts.S, "jvp", false);
  const Directions all = scaled_directions(subject, counts, "jvp: directions");
  SlopeComparison comparison(subject);
  for (const std::int32_t wrt : kArguments) {
    if (facts.width(wrt) == 0) continue;
    const Directions one = only(all, wrt);
    const Numbers found = Caller(subject, batch).jvp(one);
    for (std::int64_t k = 0; k < counts.K; ++k) {
      comparison.add(fmt::format("jvp along {}", letter(wrt)),
                     direction(found, counts.K, k, facts.q),
                     slopes_along(subject, batch, direction(one.x, counts.K, k, facts.n),
                                  direction(one.u, counts.K, k, facts.m),
                                  direction(one.theta, counts.K, k, facts.p)));
    }
  }
  comparison.finish();
}

// J v_dot for [S,K,k] tangents of one argument from the Jacobian [S,q,k].
Numbers multiply(const Facts& facts, const Counts& counts, const Numbers& J,
                 const Numbers& tangents, std::int64_t k) {
  Numbers out;
  for (std::int64_t s = 0; s < counts.S; ++s) {
    for (std::int64_t d = 0; d < counts.K; ++d) {
      const double* v = tangents.data() + (s * counts.K + d) * k;
      for (std::int64_t i = 0; i < facts.q; ++i) {
        const double* row = J.data() + (s * facts.q + i) * k;
        double sum = 0.0;
        for (std::int64_t j = 0; j < k; ++j) sum += row[j] * v[j];
        out.push_back(sum);
      }
    }
  }
  return out;
}

// <a, b> over one row, and the same over magnitudes.
std::pair<double, double> inner(const Numbers& a, const Numbers& b, std::int64_t row,
                                std::int64_t width) {
  double sum = 0.0, magnitude = 0.0;
  for (auto i = static_cast<std::size_t>(row * width);
       i < static_cast<std::size_t>((row + 1) * width); ++i) {
    sum += a[i] * b[i];
    magnitude += std::abs(a[i] * b[i]);
  }
  return {sum, magnitude};
}

// The forward side of the identity from jvp, Jacobian, or differences with their errors.
Slopes forward_side(const Subject& subject, const Batch& batch, const Directions& one,
                    std::int32_t wrt) {
  const Facts& facts = subject.facts();
  const Counts counts(subject);
  const Operations& operations = subject.operations();
  Slopes side;
  if (operations.jvp) {
    side.values = Caller(subject, batch).jvp(one);
  } else if (operations.jacobian) {
    const Numbers& tangents = wrt == DK_WRT_STATE ? one.x : wrt == DK_WRT_INPUT ? one.u : one.theta;
    side.values =
        multiply(facts, counts, Caller(subject, batch).jacobian(wrt), tangents, facts.width(wrt));
  } else {
    std::vector<Slopes> along;
    for (std::int64_t k = 0; k < counts.K; ++k) {
      along.push_back(slopes_along(subject, batch, direction(one.x, counts.K, k, facts.n),
                                   direction(one.u, counts.K, k, facts.m),
                                   direction(one.theta, counts.K, k, facts.p)));
    }
    for (std::int64_t row = 0; row < counts.S * counts.K; ++row) {
      const Slopes& from = along[static_cast<std::size_t>(row % counts.K)];
      const auto begin = row / counts.K * facts.q, end = begin + facts.q;
      side.values.insert(side.values.end(), from.values.begin() + begin, from.values.begin() + end);
      side.errors.insert(side.errors.end(), from.errors.begin() + begin, from.errors.begin() + end);
    }
    return side;
  }
  side.errors.resize(side.values.size());
  return side;
}

void check_adjoint(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.operations().vjp) skip("offers no vjp");
  const Facts& facts = subject.facts();
  const Counts counts(subject);
  const Batch batch = draw_points(subject, counts.S, "adjoint", false);
  const Directions all = scaled_directions(subject, counts, "adjoint: directions");
  dk_stream stream = context.stream("adjoint: cotangents");
  const Numbers out_bar = draw_numbers(stream, counts.S * counts.K * facts.q);
  const Pullback bar = Caller(subject, batch).vjp(counts.K, out_bar, {});
  const bool exact = subject.operations().jvp || subject.operations().jacobian;
  for (const std::int32_t wrt : kArguments) {
    const std::int64_t width = facts.width(wrt);
    if (width == 0) continue;
    const Directions one = only(all, wrt);
    const Slopes out = forward_side(subject, batch, one, wrt);
    const Numbers& v_dot = wrt == DK_WRT_STATE ? one.x : wrt == DK_WRT_INPUT ? one.u : one.theta;
    const Numbers& v_bar = wrt == DK_WRT_STATE ? bar.x : wrt == DK_WRT_INPUT ? bar.u : bar.theta;
    for (std::int64_t row = 0; row < counts.S * counts.K; ++row) {
      const auto [forward, forward_size] = inner(out_bar, out.values, row, facts.q);
      const auto [backward, backward_size] = inner(v_bar, v_dot, row, width);
      const double errors = inner(out_bar, out.errors, row, facts.q).second;
      const double scale = std::max(forward_size, backward_size);
      if (!exact && !(errors < 1e-3 * scale)) continue;  // beside a kink
      const double allowed = (exact ? 1e-11 : 1e-7) * scale + 5.0 * errors;
      if (std::abs(forward - backward) <= allowed) continue;
      fail(
          "along {}, sample {}: <out_bar, J v_dot> = {:.17g}, <J^T out_bar, v_dot> = {:.17g}: they "
          "differ by {:.3g}, {:.3g} is allowed",
          letter(wrt), row / counts.K, forward, backward, std::abs(forward - backward), allowed);
    }
  }
}

// Every column of a Jacobian is the jvp of a unit vector.
void check_jacobian_columns(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.operations().jacobian || !subject.operations().jvp) {
    skip("offers not both jacobian and jvp");
  }
  const Facts& facts = subject.facts();
  const Batch batch = draw_points(subject, Counts(subject).S, "Jacobian columns", false);
  for (const std::int32_t wrt : kArguments) {
    const std::int64_t k = facts.width(wrt);
    if (k == 0) continue;
    const Numbers J = Caller(subject, batch).jacobian(wrt);
    for (const std::int64_t j : chosen_columns(subject, k)) {
      Numbers units(static_cast<std::size_t>(batch.S * k)), column;
      for (std::int64_t s = 0; s < batch.S; ++s) units[static_cast<std::size_t>(s * k + j)] = 1.0;
      Directions one;
      (wrt == DK_WRT_STATE ? one.x : wrt == DK_WRT_INPUT ? one.u : one.theta) = units;
      for (std::int64_t row = 0; row < batch.S * facts.q; ++row) {
        column.push_back(J[static_cast<std::size_t>(row * k + j)]);
      }
      expect_close(fmt::format("the Jacobian with respect to {} against jvp of the unit vector",
                               element_name(facts, wrt, j)),
                   column, Caller(subject, batch).jvp(one), facts.q, 1e-11);
    }
  }
}

// theta_bar += for every way of asking, the others are written.
void check_accumulation(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.operations().vjp) skip("offers no vjp");
  const Facts& facts = subject.facts();
  const Task task = make_task(subject, kLeastSamples, kLeastDirections, "accumulation", true);
  const auto pull = [&](bool sum, double start) {
    Wanted wanted;
    wanted.sum_theta = sum;
    wanted.theta_start = start;
    return Caller(subject, task.batch).vjp(task.K(), task.out_bar, wanted);
  };
  const Pullback each = pull(false, 0.0), total = pull(true, 0.0);
  Numbers sum(total.theta.size());
  for (std::size_t i = 0; i < each.theta.size(); ++i) sum[i % sum.size()] += each.theta[i];
  expect_close("theta_bar with stride 0, against the sum over the samples", total.theta, sum,
               task.K() * facts.p, 1e-12);
  // As large as what is added, so that neither hides the other.
  const double start = std::max(1.0, largest_magnitude(each.theta));
  for (const bool summed : {false, true}) {
    const Pullback onto = pull(summed, start);
    Numbers expected = summed ? total.theta : each.theta;
    for (double& value : expected) value += start;
    expect_close(fmt::format("theta_bar on top of {}", start), onto.theta, expected,
                 task.K() * facts.p, 1e-12);
    expect_close("x_bar beside it", onto.x, each.x, task.K() * facts.n, 1e-12);
    expect_close("u_bar beside it", onto.u, each.u, task.K() * facts.m, 1e-12);
  }
}

Numbers times(Numbers numbers, double factor) {
  for (double& value : numbers) value *= factor;
  return numbers;
}

// Twice the direction is twice the result, to the bit; no direction is none.
void check_linearity(const CheckContext& context) {
  const Subject subject(context);
  const Operations& operations = subject.operations();
  if (!operations.jvp && !operations.vjp) skip("offers neither jvp nor vjp");
  const Facts& facts = subject.facts();
  const Task task = make_task(subject, kLeastSamples, kLeastDirections, "linearity", false);
  for (const double factor : {2.0, -4.0, 0.0}) {
    const std::string what = fmt::format("for {} times the direction", factor);
    if (operations.jvp) {
      Directions scaled = task.directions;
      for (Numbers* one : {&scaled.x, &scaled.u, &scaled.theta}) *one = times(*one, factor);
      expect_close("jvp " + what, Caller(subject, task.batch).jvp(scaled),
                   times(Caller(subject, task.batch).jvp(task.directions), factor), facts.q, 1e-14);
    }
    if (operations.vjp) {
      const auto pull = [&](const Numbers& out_bar) {
        return Caller(subject, task.batch).vjp(task.K(), out_bar, {});
      };
      const Pullback found = pull(times(task.out_bar, factor)), one = pull(task.out_bar);
      expect_close("x_bar " + what, found.x, times(one.x, factor), facts.n, 1e-14);
      expect_close("u_bar " + what, found.u, times(one.u, factor), facts.m, 1e-14);
      expect_close("theta_bar " + what, found.theta, times(one.theta, factor), facts.p, 1e-14);
    }
  }
}

constexpr std::array kChecks = {
    Check{
        "jacobian", Scope::numeric, false,
        "The Jacobians with respect to state, input and parameters agree with central differences "
        "of eval, extrapolated by Richardson's rule over eleven steps, to 1e-7 of the sample's "
        "largest element and the differences' own error; every column, or 48 drawn at random. "
        "Points where differences do not settle are left out, a few of a smooth model, most of one "
        "with DK_NOT_SMOOTH.",
        check_jacobian},
    Check{
        "jvp", Scope::numeric, false,
        "Tangents along state, input and parameters, each alone, agree with the same differences.",
        check_jvp},
    Check{
        "adjoint", Scope::numeric, false,
        "<out_bar, J v_dot> = <J^T out_bar, v_dot> to 1e-11 for state, input and parameters, each "
        "alone; J from jvp, else from jacobian, else from differences (then to 1e-7).",
        check_adjoint},
    Check{"jacobian_columns", Scope::numeric, false,
          "The columns of the Jacobians are the tangents of unit vectors, to 1e-11.",
          check_jacobian_columns},
    Check{
        "accumulation", Scope::numeric, false,
        "vjp adds to theta_bar what belongs there: to each sample's own row, and with stride 0 the "
        "sum over the samples; it writes x_bar and u_bar.",
        check_accumulation},
    Check{"linearity", Scope::numeric, false,
          "jvp and vjp of 2, -4 and 0 times a direction are 2, -4 and 0 times the result.",
          check_linearity},
};

}  // namespace

std::span<const Check> derivative_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
