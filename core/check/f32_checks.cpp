// dynkit.f32/1 of models and readouts: the operations in single precision against those in double.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "checks.hpp"
#include "two_precisions.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSamples = 7;
constexpr std::int64_t kDirections = 2;
constexpr std::int64_t kHit = 2;  // the sample that gets NaN

// One task in every form: plain and with buffers, dense and with gaps between the rows.
void check_forms_of(const TwoPrecisions& both, const Task& task, const std::string& what) {
  const Reference reference = reference_of(both, task);
  for (const int which : {0, 1, 2, 3}) {
    Form form;
    form.prepared = (which & 1) != 0;
    form.tape = (which & 2) != 0;
    const std::string with = fmt::format("{}{}{}", what, form.prepared ? ", prepared" : "",
                                         form.tape ? ", with a tape" : "");
    const AllResults found = run_all(both.floats(), task, form);
    expect_agreement(with, found, reference);
    Form filled = form;
    filled.fill = 0xFF;
    expect_same_bits(with + ", in buffers that hold NaN at first",
                     run_all(both.floats(), task, filled), found);
    form.gap = 3;
    expect_agreement(with + ", with strides 3 wider than the rows",
                     run_all(both.floats(), task, form), reference);
  }
}

void check_forms(const TwoPrecisions& both) {
  for (const std::int64_t S : {std::int64_t{0}, std::int64_t{1}, kSamples, std::int64_t{200}}) {
    for (const bool one_theta : {true, false}) {
      check_forms_of(
          both, both.rounded_task(S, S > 100 ? 1 : kDirections, one_theta),
          fmt::format("of {} samples with {}", S, one_theta ? "one theta" : "a theta for each"));
    }
  }
}

// Arguments that are shared or missing.
void check_arguments(const TwoPrecisions& both) {
  const Task task = both.rounded_task(kSamples, kDirections, true);
  Form shared;
  shared.share_x = shared.share_u = shared.share_t = true;
  expect_agreement("with stride 0 for x, u and t", run_all(both.floats(), task, shared),
                   reference_of(both, task, shared));
  Form missing;
  missing.no_u = missing.no_error = true;
  expect_agreement("without inputs", run_all(both.floats(), task, missing),
                   reference_of(both, task, missing));
  for (const int kept : {0, 1, 2, 4, 5}) {
    Task some = task;
    some.wanted.x = (kept & 1) != 0;
    some.wanted.u = (kept & 2) != 0;
    some.wanted.theta = (kept & 4) != 0;
    if (!some.wanted.x) some.directions.x.clear();
    if (!some.wanted.u) some.directions.u.clear();
    if (!some.wanted.theta) some.directions.theta.clear();
    expect_agreement("with NULL for some tangents and cotangents", run_all(both.floats(), some),
                     reference_of(both, some));
  }
}

// theta_bar that holds something already: numbers as large as what is added.
void check_accumulation(const TwoPrecisions& both) {
  if (!both.floats().operations().vjp) return;
  for (const bool one_theta : {true, false}) {
    for (const bool sum : {true, false}) {
      Task task = both.rounded_task(kSamples, kDirections, one_theta);
      task.wanted.sum_theta = sum;
      const AllResults plain = run_all(both.floats(), task);
      task.wanted.theta_start = std::max(0x1p-10, largest_magnitude(plain.all.back().numbers));
      expect_agreement(fmt::format("on top of {}{}", task.wanted.theta_start,
                                   sum ? ", summed over the samples" : ""),
                       run_all(both.floats(), task), reference_of(both, task));
    }
  }
}

// NaN in sample kHit: where double gives NaN, so does single precision, and the others stay.
void expect_nan(const TwoPrecisions& both, const Task& clean, Numbers Batch::*rows,
                std::size_t element, const Reference& reference) {
  Form may_refuse;
  may_refuse.may_refuse = true;
  Task task = clean;
  (task.batch.*rows)[element] = std::numeric_limits<double>::quiet_NaN();
  Caller in_double(both.doubles(), task.batch, may_refuse);
  Caller in_float(both.floats(), task.batch, may_refuse);
  const Numbers expected = in_double.eval(), found = in_float.eval();
  if (!in_double.answered() || !in_float.answered()) return;
  const auto q = static_cast<std::size_t>(both.doubles().facts().q);
  for (std::size_t i = kHit * q; i < (kHit + 1) * q; ++i) {
    if (!std::isnan(expected[i]) || std::isnan(found[i])) continue;
    fail("the result of eval with NaN in an argument: element {} is {} instead of NaN", i % q,
         found[i]);
  }
  AllResults all = run_all(both.floats(), task, may_refuse);
  for (std::size_t k = 0; k < all.all.size(); ++k) {
    AllResults::One& one = all.all[k];
    const Numbers& clean_numbers = reference.values.all[k].numbers;
    if (!one.answered) one.numbers = clean_numbers;
    std::copy_n(clean_numbers.begin() + kHit * one.width, one.width,
                one.numbers.begin() + kHit * one.width);  // its derivatives may be anything
  }
  expect_agreement("beside a sample with NaN", all, reference);
}

void check_nan(const TwoPrecisions& both) {
  const Task task = both.rounded_task(kSamples, kDirections, false);
  const Reference reference = reference_of(both, task);
  for (Numbers Batch::*rows : {&Batch::x, &Batch::u, &Batch::theta, &Batch::t, &Batch::h}) {
    const std::size_t width = (task.batch.*rows).size() / kSamples;
    if (width == 0) continue;
    for (const std::size_t element : {std::size_t{0}, width / 2, width - 1}) {
      expect_nan(both, task, rows, kHit * width + element, reference);
    }
  }
}

void check_f32(const CheckContext& context) {
  const TwoPrecisions both(context);
  check_forms(both);
  check_arguments(both);
  check_accumulation(both);
  check_nan(both);
}

constexpr std::array kChecks = {
    Check{
        "f32", Scope::numeric, false,
        "dynkit.f32/1: in single precision every operation that is offered gives what it gives in "
        "double at the same points, to 1e-5 of the row's largest element and 50 times what "
        "rounding the arguments does to the row; for 0, 1, 7 and 200 samples, with prepared, a "
        "tape and wide strides, shared and missing arguments, on top of a theta_bar; NaN stays "
        "NaN, and nothing beside a result is written.",
        check_f32},
};

}  // namespace

std::span<const Check> f32_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
