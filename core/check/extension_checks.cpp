// The optional interfaces of a model: starts, noise, trapping box.
#include <algorithm>
#include <array>
#include <cmath>

#include "all_operations.hpp"
#include "checks.hpp"
#include "dynkit/balance.h"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/noise.h"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSamples = 7;

template <class Interface>
const Interface& offered(const Subject& subject, const char* id) {
  const auto* table = subject.extension<Interface>(id);
  if (table == nullptr) skip("does not offer {}", id);
  return *table;
}

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

void expect_finite(const char* what, const Numbers& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) fail("element {} of {} is {}", i, what, numbers[i]);
  }
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

Numbers amplitude(const Subject& subject, const dk_noise_v1& noise, const Batch& batch,
                  std::int64_t width, std::int64_t gap) {
  Form form;
  form.gap = gap;
  const Placed G = Placed::rows("the amplitude G", batch.S, width, form, false);
  const dk_output output = G.output();
  const auto& size = subject.operations().scratch_size;
  const std::int64_t bytes = size ? size(DK_EVAL, batch.S, 1) : 0;
  Caller(subject, batch, form)
      .run("amplitude", bytes, [&](const dk_points* points, dk_error* error) {
        return noise.amplitude(subject.model(), points, &output, error);
      });
  G.check_gaps();
  G.check_written();
  return G.read();
}

void check_noise(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  const auto& noise = offered<dk_noise_v1>(subject, DK_NOISE_V1);
  if (noise.info == nullptr || noise.amplitude == nullptr) fail("a function of it is NULL");
  const dk_noise_info* info = noise.info(subject.model());
  if (info == nullptr) fail("its info returns NULL");
  if (info->kind < DK_ADDITIVE || info->kind > DK_GENERAL) fail("noise kind {}", info->kind);
  if (info->calculus != DK_ITO && info->calculus != DK_STRATONOVICH) {
    fail("calculus {} is neither Ito nor Stratonovich", info->calculus);
  }
  if (info->w < 1) fail("w = {} processes", info->w);
  if (info->kind == DK_DIAGONAL && info->w != facts.n) {
    fail("diagonal noise has w = {} processes for n = {} states", info->w, facts.n);
  }
  const bool matters = info->kind != DK_ADDITIVE && facts.time_kind == DK_FLOW;
  if (!matters && info->calculus != DK_ITO) {
    fail("declares Stratonovich where the calculus does not matter: DK_ITO stands there");
  }
  const std::int64_t width = info->kind == DK_DIAGONAL ? facts.n : facts.n * info->w;
  const Batch batch = draw_points(subject, kSamples, "noise", false);
  const Numbers G = amplitude(subject, noise, batch, width, 0);
  expect_finite("the amplitude G", G);
  expect_close("the amplitude G with wide strides", amplitude(subject, noise, batch, width, 3), G,
               width, 1e-12);
  if (info->kind != DK_ADDITIVE) return;
  Batch elsewhere = batch;
  for (double& value : elsewhere.x) value += 0.5;
  expect_close("the amplitude G of additive noise at other states",
               amplitude(subject, noise, elsewhere, width, 0), G, width, 1e-12);
}

struct Box {
  Numbers lower, upper;
};

Box read_box(const Subject& subject, const dk_domain_v1& domain, const Numbers& theta) {
  const std::int64_t n = subject.facts().n;
  const Placed lower = Placed::rows("the lower corner", 1, n, {}, false);
  const Placed upper = Placed::rows("the upper corner", 1, n, {}, false);
  dk_error error{};
  const dk_status status =
      domain.box(subject.model(), theta.data(), lower.data(), upper.data(), &error);
  if (status == DK_UNSUPPORTED) skip("has no box at these parameters: {}", error.message);
  expect_ok(status, error, "box");
  for (const Placed* corner : {&lower, &upper}) {
    corner->check_gaps();
    corner->check_written();
  }
  Box box{lower.read(), upper.read()};
  for (std::size_t i = 0; i < box.lower.size(); ++i) {
    const bool finite = std::isfinite(box.lower[i]) && std::isfinite(box.upper[i]);
    if (!finite || !(box.lower[i] < box.upper[i])) {
      fail("state {} is boxed in [{}, {}]", i, box.lower[i], box.upper[i]);
    }
  }
  return box;
}

// Points of the box: inside, and with one component on a face, where only a flow can leave.
Batch points_in_box(const Subject& subject, const Box& box, const Numbers& theta,
                    std::vector<int>& faces) {
  const Facts& facts = subject.facts();
  constexpr std::int64_t kPoints = 400;
  dk_stream stream = subject.context().stream("box");
  Batch batch;
  batch.S = kPoints;
  batch.one_theta = true;
  batch.theta = theta;
  batch.t.resize(kPoints);
  draw_uniform(stream, batch.t);
  if (facts.has(DK_USES_STEP)) batch.h.resize(kPoints, facts.step > 0.0 ? facts.step : 0.1);
  batch.x.resize(static_cast<std::size_t>(kPoints * facts.n));
  draw_uniform(stream, batch.x);
  batch.u = draw_numbers(stream, kPoints * facts.m);
  for (std::int64_t s = 0; s < kPoints; ++s) {
    const int face = static_cast<int>(s % (2 * facts.n));  // 2 i: lower of i, 2 i + 1: upper
    faces.push_back(face);
    for (std::int64_t i = 0; i < facts.n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      double& x = batch.x[static_cast<std::size_t>(s * facts.n) + at];
      x = box.lower[at] + (box.upper[at] - box.lower[at]) * x;
      if (face / 2 == i) x = face % 2 == 0 ? box.lower[at] : box.upper[at];
    }
    const double strength = s % 3 == 0 ? 10.0 : 1.0;
    for (std::int64_t j = 0; j < facts.m; ++j) {
      batch.u[static_cast<std::size_t>(s * facts.m + j)] *= strength;
    }
  }
  return batch;
}

void check_domain(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  const auto& domain = offered<dk_domain_v1>(subject, DK_DOMAIN_V1);
  if (domain.box == nullptr) fail("its function is NULL");
  const Numbers theta = initial_theta(subject);
  const Box box = read_box(subject, domain, theta);
  std::vector<int> faces;
  const Batch batch = points_in_box(subject, box, theta, faces);
  const Numbers values = Caller(subject, batch).eval();
  for (std::int64_t s = 0; s < batch.S; ++s) {
    for (std::int64_t i = 0; i < facts.n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double value = values[static_cast<std::size_t>(s * facts.n) + at];
      const double slack =
          1e-12 * (1.0 + std::max(std::abs(box.lower[at]), std::abs(box.upper[at])));
      if (facts.time_kind == DK_MAP &&
          !(value >= box.lower[at] - slack && value <= box.upper[at] + slack)) {
        fail("the map sends a point of its box to x[{}] = {:.17g}, outside [{}, {}]", i, value,
             box.lower[at], box.upper[at]);
      }
      const int face = faces[static_cast<std::size_t>(s)];
      if (facts.time_kind != DK_FLOW || face / 2 != i) continue;
      const double outward = face % 2 == 0 ? -value : value;
      if (outward <= slack) continue;
      fail("the flow leaves its box through x[{}] = {} at the speed {:.3g}", i,
           face % 2 == 0 ? box.lower[at] : box.upper[at], outward);
    }
  }
}

constexpr std::array kChecks = {
    Check{"initial", Scope::model, false,
          "dynkit.initial/1: parameters and states are the same bits for the same stream, finite, "
          "the "
          "parameters within their bounds, and eval at such a start is finite.",
          check_initial},
    Check{"noise", Scope::model, false,
          "dynkit.noise/1: kind, calculus and number of processes fit together, the amplitude has "
          "the shape that the kind asks for, and additive noise does not depend on the state.",
          check_noise},
    Check{
        "domain", Scope::model, false,
        "dynkit.domain/1: the box is finite and not empty; a map sends 400 points of it, on faces "
        "and inside, with inputs of order 1 and 10, into it; a flow leaves through no face.",
        check_domain},
};

}  // namespace

std::span<const Check> extension_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
