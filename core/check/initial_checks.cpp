// dynkit.initial/1: where to start.
#include <array>

#include "calls.hpp"
#include "compare.hpp"
#include "dynkit/initial.h"
#include "extension_checks.hpp"
#include "points.hpp"

namespace dynkit::conformance {
namespace {

// Filled by `fill(data, error)` in guarded memory, twice, to the same bits.
template <class Fill>
Numbers filled_twice(const char* name, std::int64_t count, Fill fill) {
  Numbers first;
  for (int time = 0; time < 2; ++time) {
    const Placed out = Placed::rows(name, 1, count, {}, false);
    dk_error error{};
    expect_ok(fill(out.data(), &error), error, name);
    out.check_gaps();
    out.check_written();
    const Numbers numbers = out.read();
    if (time == 1) {
      expect_same_bits(fmt::format("{} from the same stream", name), numbers, first, count);
    }
    first = numbers;
  }
  return first;
}

void check_initial(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  const auto& initial = offered<dk_initial_v1>(subject, DK_INITIAL_V1);
  if (initial.parameters == nullptr || initial.state == nullptr) fail("a function of it is NULL");
  for (const char* name : {"initial: one", "initial: two", "initial: three"}) {
    const Numbers theta =
        filled_twice("the initial parameters", facts.p, [&](double* out, dk_error* error) {
          dk_stream stream = context.stream(name);
          return initial.parameters(subject.model(), &subject.host(), &stream, out, error);
        });
    expect_finite("the initial parameters", theta);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const auto [lower, upper] = bounds_of(facts, at);
      if (theta[i] >= lower && theta[i] <= upper) continue;
      fail("the initial {} = {} is outside its bounds [{}, {}]",
           element_name(facts, DK_WRT_PARAMETERS, at), theta[i], lower, upper);
    }
    const Numbers x = filled_twice("the initial state", facts.n, [&](double* out, dk_error* error) {
      dk_stream stream = context.stream(name);
      return initial.state(subject.model(), &subject.host(), &stream, theta.data(), out, error);
    });
    expect_finite("the initial state", x);
    Batch batch{1, {0.0}, {}, x, Numbers(static_cast<std::size_t>(facts.m)), theta, true};
    if (facts.has(DK_USES_STEP)) batch.h = {facts.step > 0.0 ? facts.step : 0.1};
    expect_finite("the result of eval at the initial state", Caller(subject, batch).eval());
  }
}

constexpr std::array kChecks = {
    Check{"initial", Scope::model, false,
          "dynkit.initial/1: parameters and states are the same bits for the same stream, finite, "
          "the "
          "parameters within their bounds, and eval at such a start is finite.",
          check_initial},
};

}  // namespace

std::span<const Check> initial_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
