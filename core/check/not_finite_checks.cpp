// NaN, infinities and extreme numbers in every argument that matters.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "all_operations.hpp"
#include "checks.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSamples = 5;
constexpr std::int64_t kHit = 2;        // the sample that gets the value
constexpr std::int64_t kMostTried = 6;  // elements of each argument

// One argument of a batch, its width, and how it is called.
struct Argument {
  const char* name;
  Numbers Batch::*rows;
  std::int64_t width;
};

std::vector<Argument> arguments_of(const Facts& facts) {
  std::vector<Argument> arguments = {{"x", &Batch::x, facts.n}};
  if (facts.m > 0) arguments.push_back({"u", &Batch::u, facts.m});
  if (facts.p > 0) arguments.push_back({"theta", &Batch::theta, facts.p});
  if (facts.has(DK_USES_TIME)) arguments.push_back({"t", &Batch::t, 1});
  if (facts.has(DK_USES_STEP)) arguments.push_back({"h", &Batch::h, 1});
  return arguments;
}

// A few elements, the first and the last among them.
std::vector<std::int64_t> tried_elements(std::int64_t width) {
  std::vector<std::int64_t> elements;
  const std::int64_t count = std::min(width, kMostTried);
  for (std::int64_t k = 0; k < count; ++k) {
    elements.push_back(count == 1 ? 0 : k * (width - 1) / (count - 1));
  }
  return elements;
}

Batch with_value(Batch batch, const Argument& argument, std::int64_t element, double value) {
  (batch.*argument.rows)[static_cast<std::size_t>(kHit * argument.width + element)] = value;
  return batch;
}

Form may_refuse() {
  Form form;
  form.may_refuse = true;
  return form;
}

// The other samples must not notice.
void expect_others_untouched(const std::string& what, const Numbers& found, const Numbers& clean,
                             std::int64_t width) {
  for (std::int64_t s = 0; s < kSamples; ++s) {
    if (s == kHit) continue;
    const auto begin = s * width, end = (s + 1) * width;
    expect_close(fmt::format("{}: sample {}", what, s),
                 Numbers(found.begin() + begin, found.begin() + end),
                 Numbers(clean.begin() + begin, clean.begin() + end), width, 1e-12);
  }
}

// Outputs that a small change of the element moves must become NaN with it.
void check_nan_reaches(const Subject& subject, const Batch& batch, const Numbers& clean,
                       const Argument& argument, std::int64_t element) {
  const std::int64_t q = subject.facts().q;
  const double value =
      (batch.*argument.rows)[static_cast<std::size_t>(kHit * argument.width + element)];
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Numbers moved =
      Caller(subject, with_value(batch, argument, element, value + 1e-3 * (1 + std::abs(value))))
          .eval();
  Caller caller(subject, with_value(batch, argument, element, nan), may_refuse());
  const Numbers found = caller.eval();
  if (!caller.answered()) return;
  const std::string what = fmt::format("the result of eval with NaN in {}[{}] of sample {}",
                                       argument.name, element, kHit);
  expect_others_untouched(what, found, clean, q);
  for (std::int64_t i = 0; i < q; ++i) {
    const auto at = static_cast<std::size_t>(kHit * q + i);
    if (moved[at] == clean[at] || std::isnan(found[at])) continue;
    fail("{}: element {} depends on it and is {} instead of NaN", what, i, found[at]);
  }
}

void check_nan(const CheckContext& context) {
  const Subject subject(context);
  const Batch batch = draw_points(subject, kSamples, "NaN", false);
  const Numbers clean = Caller(subject, batch).eval();
  for (const Argument& argument : arguments_of(subject.facts())) {
    for (const std::int64_t element : tried_elements(argument.width)) {
      check_nan_reaches(subject, batch, clean, argument, element);
    }
  }
}

void check_extreme_numbers(const CheckContext& context) {
  const Subject subject(context);
  const Batch batch = draw_points(subject, kSamples, "extreme numbers", false);
  const Numbers clean = Caller(subject, batch).eval();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Argument& argument : arguments_of(subject.facts())) {
    for (const std::int64_t element : tried_elements(argument.width)) {
      for (const double value : {kInfinity, -kInfinity, 1e308, -1e308, 5e-324}) {
        Caller caller(subject, with_value(batch, argument, element, value), may_refuse());
        const Numbers found = caller.eval();
        if (!caller.answered()) continue;
        expect_others_untouched(fmt::format("the result of eval with {} in {}[{}] of sample {}",
                                            value, argument.name, element, kHit),
                                found, clean, subject.facts().q);
      }
    }
  }
}

// Derivatives at such points need not be anything, but they return, and the other samples are
// right.
void check_derivatives(const CheckContext& context) {
  const Subject subject(context);
  const Operations& operations = subject.operations();
  if (!operations.jacobian && !operations.jvp && !operations.vjp) skip("offers no derivative");
  const Task task = make_task(subject, kSamples, 2, "NaN in derivatives", false);
  const AllResults clean = run_all(subject, task);
  for (const Argument& argument : arguments_of(subject.facts())) {
    for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(), -1e308}) {
      Task hit = task;
      hit.batch = with_value(task.batch, argument, argument.width / 2, value);
      Caller probe(subject, hit.batch, may_refuse());
      probe.eval();
      if (!probe.answered()) continue;
      const AllResults found = run_all(subject, hit, may_refuse());
      for (std::size_t i = 0; i < found.all.size(); ++i) {
        if (!found.all[i].answered) continue;
        expect_others_untouched(fmt::format("{} with {} in {} of sample {}", found.all[i].name,
                                            value, argument.name, kHit),
                                found.all[i].numbers, clean.all[i].numbers, found.all[i].width);
      }
    }
  }
}

constexpr std::array kChecks = {
    Check{
        "nan", Scope::numeric, false,
        "NaN in an element of x, u, theta, t or h of one sample gives NaN in every result that "
        "depends on it (or a status > 0), and leaves the other samples as they are. What does not "
        "return is ended by the time limit.",
        check_nan},
    Check{"extreme_numbers", Scope::numeric, false,
          "Infinities, 1e308 and the smallest denormal number in one sample: eval returns, and the "
          "other samples are as they were.",
          check_extreme_numbers},
    Check{"nan_in_derivatives", Scope::numeric, false,
          "Jacobians, jvp and vjp return at points with NaN, infinity or -1e308 in one sample, and "
          "are right in the others.",
          check_derivatives},
};

}  // namespace

std::span<const Check> not_finite_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
