// That results depend on the arguments, on all of them, and on nothing else.
#include <algorithm>
#include <array>

#include "all_operations.hpp"
#include "checks.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSamples = 7;
constexpr std::int64_t kDirections = 2;

void check_purity(const CheckContext& context) {
  const Subject subject(context);
  for (const bool one_theta : {true, false}) {
    const Task task = make_task(subject, kSamples, kDirections, "purity", one_theta);
    const Task other = make_task(subject, kSamples + 4, kDirections + 1, "other points", one_theta);
    Form form;
    form.prepared = form.tape = one_theta;
    const AllResults first = run_all(subject, task, form);
    expect_same_bits("the second time", run_all(subject, task, form), first);
    for (const int fill : {0x00, 0xFF, 0x3F}) {
      Form filled = form;
      filled.fill = static_cast<unsigned char>(fill);
      expect_same_bits(fmt::format("with buffers that hold {:#04x} at first", fill),
                       run_all(subject, task, filled), first);
    }
    run_all(subject, other);
    expect_same_bits("after a call at other points", run_all(subject, task, form), first);
    const Subject twin(context);
    expect_same_bits("of another instance with the same settings", run_all(twin, task, form),
                     first);
  }
}

// Sums over the samples may be added up in another order even where rows are exact.
void compare_split(const std::string& what, const AllResults& parts, const AllResults& whole,
                   bool exact) {
  expect_close(what, parts, whole, 1e-12);
  if (!exact) return;
  for (std::size_t i = 0; i < whole.all.size(); ++i) {
    if (whole.all[i].is_sum) continue;
    expect_same_bits(fmt::format("{} {} (DK_BATCH_EXACT)", whole.all[i].name, what),
                     parts.all[i].numbers, whole.all[i].numbers, whole.all[i].width);
  }
}

void check_batch_split(const CheckContext& context) {
  const Subject subject(context);
  const bool exact = subject.facts().has(DK_BATCH_EXACT);
  for (const std::int64_t S : {std::int64_t{29}, std::int64_t{301}}) {
    const Task task = make_task(subject, S, S > 100 ? 1 : kDirections, "batch split", true);
    const AllResults whole = run_all(subject, task);
    for (const std::int64_t size : {1, 4, 7, 16}) {
      if (S > 100 && size < 7) continue;
      compare_split(fmt::format("of {} samples in parts of {}", S, size),
                    run_in_parts(subject, task, size), whole, exact);
    }
  }
}

Numbers reversed(const Numbers& rows, std::int64_t S) {
  if (rows.empty()) return rows;
  const auto width = static_cast<std::int64_t>(rows.size()) / S;
  Numbers turned;
  for (std::int64_t s = S; s-- > 0;) {
    turned.insert(turned.end(), rows.begin() + s * width, rows.begin() + (s + 1) * width);
  }
  return turned;
}

void check_sample_order(const CheckContext& context) {
  const Subject subject(context);
  const Task task = make_task(subject, kSamples, kDirections, "sample order", false);
  Task turned = task;
  for (Numbers* rows :
       {&turned.batch.t, &turned.batch.h, &turned.batch.x, &turned.batch.u, &turned.batch.theta,
        &turned.directions.x, &turned.directions.u, &turned.directions.theta, &turned.out_bar}) {
    *rows = reversed(*rows, kSamples);
  }
  AllResults expected = run_all(subject, task);
  for (auto& one : expected.all) one.numbers = reversed(one.numbers, kSamples);
  expect_close("with the samples in reverse order", run_all(subject, turned), expected, 1e-12);
}

void check_unused_time(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  if (facts.time_kind == 0) skip("a readout has no time");
  if (facts.has(DK_USES_TIME)) skip("it declares that it depends on time");
  const Task task = make_task(subject, kSamples, kDirections, "unused time", true);
  const AllResults expected = run_all(subject, task);
  Task later = task;
  for (double& t : later.batch.t) t = 1000.0 - 3.0 * t;
  expect_same_bits("at other times, without DK_USES_TIME", run_all(subject, later), expected);
  Form form;
  form.no_t = true;
  expect_same_bits("without times", run_all(subject, task, form), expected);
}

void check_null_arguments(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  const Task task = make_task(subject, kSamples, kDirections, "null arguments", true);
  if (facts.m > 0) {
    Task zero = task;
    std::fill(zero.batch.u.begin(), zero.batch.u.end(), 0.0);
    Form form;
    form.no_u = true;
    expect_close("without inputs, against zero inputs", run_all(subject, task, form),
                 run_all(subject, zero), 1e-12);
  }
  if (subject.operations().jvp) {
    for (const int kept : {0, 1, 2, 4, 3, 5, 6}) {
      Directions some = task.directions, zeros = task.directions;
      const auto leave_out = [&](int bit, Numbers& missing, Numbers& zeroed) {
        if ((kept & bit) != 0) return;
        missing.clear();
        std::fill(zeroed.begin(), zeroed.end(), 0.0);
      };
      leave_out(1, some.x, zeros.x);
      leave_out(2, some.u, zeros.u);
      leave_out(4, some.theta, zeros.theta);
      expect_close("the result of jvp without some tangents, against zero tangents",
                   Caller(subject, task.batch).jvp(some), Caller(subject, task.batch).jvp(zeros),
                   facts.q, 1e-12);
    }
  }
  Form silent;
  silent.no_error = true;
  expect_same_bits("with NULL for the message", run_all(subject, task, silent),
                   run_all(subject, task));
}

void check_null_outputs(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.operations().vjp) skip("offers no vjp");
  const Facts& facts = subject.facts();
  const Task task = make_task(subject, kSamples, kDirections, "null outputs", true);
  const std::int64_t K = task.K();
  Wanted all;
  all.sum_theta = true;
  const Pullback whole = Caller(subject, task.batch).vjp(K, task.out_bar, all);
  for (const int kept : {0, 1, 2, 4, 3, 5, 6}) {
    Wanted some = all;
    some.x = (kept & 1) != 0;
    some.u = (kept & 2) != 0;
    some.theta = (kept & 4) != 0;
    const Pullback part = Caller(subject, task.batch).vjp(K, task.out_bar, some);
    const std::string what = "when others are not wanted";
    if (some.x) expect_close("x_bar " + what, part.x, whole.x, K * facts.n, 1e-12);
    if (some.u) expect_close("u_bar " + what, part.u, whole.u, K * facts.m, 1e-12);
    if (some.theta) expect_close("theta_bar " + what, part.theta, whole.theta, K * facts.p, 1e-12);
  }
}

void check_prepared_and_tape(const CheckContext& context) {
  const Subject subject(context);
  const Operations& operations = subject.operations();
  if (!operations.prepare && !operations.tape_size) skip("offers neither prepare nor a tape");
  for (const std::int64_t S : {std::int64_t{1}, kSamples, std::int64_t{200}}) {
    const Task task = make_task(subject, S, S > 100 ? 1 : kDirections, "prepared and tape", true);
    const AllResults plain = run_all(subject, task);
    for (const int which : {1, 2, 3}) {
      Form form;
      form.prepared = (which & 1) != 0;
      form.tape = (which & 2) != 0;
      expect_close(fmt::format("with{}{}, S = {}", form.prepared ? " prepared" : "",
                               form.tape ? " a tape" : "", S),
                   run_all(subject, task, form), plain, 1e-12);
    }
  }
}

constexpr std::array kChecks = {
    Check{
        "purity", Scope::numeric, false,
        "The same arguments give the same bits: the second time, in memory that held other things "
        "before (scratch, prepared, tape, results), after a call at other points, and from another "
        "instance.",
        check_purity},
    Check{
        "batch_split", Scope::numeric, false,
        "A batch worked through in parts gives what the whole gives, to 1e-12 of the row's largest "
        "element; to the bit where DK_BATCH_EXACT is declared (sums over samples to 1e-12).",
        check_batch_split},
    Check{"sample_order", Scope::numeric, false,
          "Samples in reverse order give the same results in reverse order, to 1e-12: no sample "
          "knows of another.",
          check_sample_order},
    Check{
        "unused_time", Scope::numeric, false,
        "A model that does not declare DK_USES_TIME gives the same bits at any time, and with NULL "
        "for the times.",
        check_unused_time},
    Check{"null_arguments", Scope::numeric, false,
          "NULL stands for zero inputs and zero tangents, and a NULL message for none wanted.",
          check_null_arguments},
    Check{
        "null_outputs", Scope::numeric, false,
        "Every combination of cotangents that are not wanted (NULL) leaves the others as they are.",
        check_null_outputs},
    Check{
        "prepared_and_tape", Scope::numeric, false,
        "Results with prepared parameters, with the tape that eval left, and with both, are those "
        "without, to 1e-12. Prepared and tape are only read.",
        check_prepared_and_tape},
};

}  // namespace

std::span<const Check> evaluation_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
