// dynkit.second_order/1: positions and velocities, forces, friction and temperature.
#include <array>
#include <cmath>

#include "compare.hpp"
#include "dynkit/second_order.h"
#include "extension_checks.hpp"
#include "points.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSamples = 7;

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

constexpr std::array kChecks = {
    Check{
        "second_order", Scope::model, false,
        "dynkit.second_order/1: positions and velocities share out the states; the force does not "
        "depend on velocities; friction, temperature >= 0 and mass > 0 depend on theta alone; "
        "together they give eval, and the amplitude of dynkit.noise/1 where that is offered.",
        check_second_order},
};

}  // namespace

std::span<const Check> second_order_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
