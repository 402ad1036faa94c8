// The optional interfaces of a model: starts, noise, positions and velocities, trapping box.
#include <algorithm>
#include <array>
#include <cmath>

#include "all_operations.hpp"
#include "checks.hpp"
#include "dynkit/balance.h"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/noise.h"
#include "dynkit/second_order.h"

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

// Positions and velocities of a model, and what its interface gives at some points.
class SecondOrder {
 public:
  explicit SecondOrder(const Subject& subject)
      : subject_(subject), table_(offered<dk_second_order_v1>(subject, DK_SECOND_ORDER_V1)) {
    const Facts& facts = subject.facts();
    if (facts.time_kind != DK_FLOW) fail("a map offers it: it describes flows");
    if (table_.info == nullptr || table_.force == nullptr || table_.bath == nullptr) {
      fail("a function of it is NULL");
    }
    const dk_second_order_info* info = table_.info(subject.model());
    if (info == nullptr) fail("its info returns NULL");
    if (info->k < 1 || 2 * info->k != facts.n) {
      fail("k = {} degrees of freedom for n = {} states", info->k, facts.n);
    }
    std::vector<int> times(static_cast<std::size_t>(facts.n));
    for (std::int64_t j = 0; j < info->k; ++j) {
      q_.push_back(info->positions != nullptr ? info->positions[j] : j);
      v_.push_back(info->velocities != nullptr ? info->velocities[j] : info->k + j);
      for (const std::int64_t place : {q_.back(), v_.back()}) {
        if (place >= 0 && place < facts.n && times[static_cast<std::size_t>(place)]++ == 0)
          continue;
        fail("a position or velocity stands at x[{}], of {} states each once", place, facts.n);
      }
    }
  }

  std::int64_t k() const { return static_cast<std::int64_t>(q_.size()); }
  std::size_t q(std::int64_t j) const {
    return static_cast<std::size_t>(q_[static_cast<std::size_t>(j)]);
  }
  std::size_t v(std::int64_t j) const {
    return static_cast<std::size_t>(v_[static_cast<std::size_t>(j)]);
  }

  Numbers force(const Batch& batch, std::int64_t gap) const {
    Form form;
    form.gap = gap;
    const Placed F = Placed::rows("the force F", batch.S, k(), form, false);
    const dk_output output = F.output();
    Caller(subject_, batch, form)
        .run("force", scratch(batch.S), [&](const dk_points* points, dk_error* error) {
          return table_.force(subject_.model(), points, &output, error);
        });
    F.check_gaps();
    F.check_written();
    return F.read();
  }

  struct Bath {
    Numbers friction, temperature, mass;  // [S,k]
  };
  // At points that have no more than a theta.
  Bath bath(const Batch& batch, std::int64_t gap) const {
    Form form;
    form.gap = gap;
    const auto place = [&](const char* name) {
      return Placed::rows(name, batch.S, k(), form, false);
    };
    const Placed friction = place("the friction"), temperature = place("the temperature"),
                 mass = place("the mass");
    const dk_output to[] = {friction.output(), temperature.output(), mass.output()};
    Caller(subject_, batch, form)
        .run("bath", scratch(batch.S), [&](const dk_points* points, dk_error* error) {
          dk_points bare = *points;
          bare.x = bare.u = bare.t = bare.h = {};
          return table_.bath(subject_.model(), &bare, &to[0], &to[1], &to[2], error);
        });
    for (const Placed* one : {&friction, &temperature, &mass}) {
      one->check_gaps();
      one->check_written();
    }
    return {friction.read(), temperature.read(), mass.read()};
  }

  // Each part of the bath alone.
  void expect_parts(const Batch& batch, const Bath& whole) const {
    const Numbers* expected[] = {&whole.friction, &whole.temperature, &whole.mass};
    for (int wanted = 0; wanted < 3; ++wanted) {
      const Placed part = Placed::rows("a part of the bath", batch.S, k(), {}, false);
      dk_output to[3] = {};
      to[wanted] = part.output();
      Caller(subject_, batch)
          .run("bath", scratch(batch.S), [&](const dk_points* points, dk_error* error) {
            return table_.bath(subject_.model(), points, &to[0], &to[1], &to[2], error);
          });
      part.check_gaps();
      expect_close("a part of the bath that is wanted alone", part.read(), *expected[wanted], k(),
                   1e-12);
    }
  }

 private:
  std::int64_t scratch(std::int64_t S) const {
    const auto& size = subject_.operations().scratch_size;
    return size ? size(DK_EVAL, S, 1) : 0;
  }

  const Subject& subject_;
  const dk_second_order_v1& table_;
  std::vector<std::int64_t> q_, v_;
};

void expect_bath(const SecondOrder::Bath& bath) {
  for (std::size_t i = 0; i < bath.mass.size(); ++i) {
    const double gamma = bath.friction[i], T = bath.temperature[i], m = bath.mass[i];
    if (!(gamma >= 0.0) || !std::isfinite(gamma)) fail("the friction {} is not >= 0", gamma);
    if (!(T >= 0.0) || !std::isfinite(T)) fail("the temperature {} is not >= 0", T);
    if (!(m > 0.0) || !std::isfinite(m)) fail("the mass {} is not > 0", m);
  }
}

// dq = v and dv = F/m - gamma v
void expect_drift(const Subject& subject, const SecondOrder& own, const Batch& batch,
                  const Numbers& F, const SecondOrder::Bath& bath) {
  const std::int64_t n = subject.facts().n;
  Numbers drift(batch.x.size());
  for (std::int64_t s = 0; s < batch.S; ++s) {
    const auto row = static_cast<std::size_t>(s * n);
    for (std::int64_t j = 0; j < own.k(); ++j) {
      const auto at = static_cast<std::size_t>(s * own.k() + j);
      const double v = batch.x[row + own.v(j)];
      drift[row + own.q(j)] = v;
      drift[row + own.v(j)] = F[at] / bath.mass[at] - bath.friction[at] * v;
    }
  }
  expect_close("the result of eval against v and F/m - gamma v", Caller(subject, batch).eval(),
               drift, n, 1e-11);
}

// G G^T is 2 gamma T / m at the velocities and zero elsewhere.
void expect_dissipation(const Subject& subject, const SecondOrder& own, const Batch& batch,
                        const SecondOrder::Bath& bath) {
  const auto* noise = subject.extension<dk_noise_v1>(DK_NOISE_V1);
  if (noise == nullptr) return;
  const std::int64_t n = subject.facts().n;
  const dk_noise_info& info = *noise->info(subject.model());
  const bool diagonal = info.kind == DK_DIAGONAL;
  const std::int64_t w = diagonal ? 1 : info.w;
  const Numbers G = amplitude(subject, *noise, batch, n * w, 0);
  const auto size = static_cast<std::size_t>(n);
  Numbers found(static_cast<std::size_t>(batch.S) * size * size), expected(found.size());
  for (std::size_t s = 0; s < static_cast<std::size_t>(batch.S); ++s) {
    for (std::size_t i = 0; i < size * size; ++i) {
      if (diagonal && i / size != i % size) continue;
      const double* a = G.data() + (s * size + i / size) * static_cast<std::size_t>(w);
      const double* b = G.data() + (s * size + i % size) * static_cast<std::size_t>(w);
      for (std::int64_t j = 0; j < w; ++j) found[s * size * size + i] += a[j] * b[j];
    }
    for (std::int64_t j = 0; j < own.k(); ++j) {
      const std::size_t at = s * static_cast<std::size_t>(own.k()) + static_cast<std::size_t>(j);
      expected[s * size * size + own.v(j) * (size + 1)] =
          2.0 * bath.friction[at] * bath.temperature[at] / bath.mass[at];
    }
  }
  expect_close("G G^T of dynkit.noise/1 against 2 gamma T / m of the velocities", found, expected,
               n * n, 1e-11);
}

void check_second_order(const CheckContext& context) {
  const Subject subject(context);
  const SecondOrder own(subject);
  const Batch batch = draw_points(subject, kSamples, "second order", false);
  const SecondOrder::Bath bath = own.bath(batch, 0);
  expect_bath(bath);
  own.expect_parts(batch, bath);
  expect_close("the friction with wide strides", own.bath(batch, 3).friction, bath.friction,
               own.k(), 1e-12);

  const Numbers F = own.force(batch, 0);
  expect_finite("the force F", F);
  expect_close("the force with wide strides", own.force(batch, 3), F, own.k(), 1e-12);
  Batch faster = batch;
  for (std::int64_t s = 0; s < batch.S; ++s) {
    for (std::int64_t j = 0; j < own.k(); ++j) {
      faster.x[static_cast<std::size_t>(s * subject.facts().n) + own.v(j)] += 0.5;
    }
  }
  expect_close("the force at other velocities", own.force(faster, 0), F, own.k(), 1e-12);
  expect_drift(subject, own, batch, F, bath);
  expect_dissipation(subject, own, batch, bath);
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
        "second_order", Scope::model, false,
        "dynkit.second_order/1: positions and velocities share out the states; the force does not "
        "depend on velocities; friction, temperature >= 0 and mass > 0 depend on theta alone; "
        "together they give eval, and the amplitude of dynkit.noise/1 where that is offered.",
        check_second_order},
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
