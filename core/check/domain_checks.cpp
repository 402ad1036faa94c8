// dynkit.domain/1: a box that no trajectory leaves.
#include <algorithm>
#include <array>
#include <cmath>

#include "calls.hpp"
#include "dynkit/domain.h"
#include "extension_checks.hpp"
#include "points.hpp"

namespace dynkit::conformance {
namespace {

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
    Check{
        "domain", Scope::model, false,
        "dynkit.domain/1: the box is finite and not empty; a map sends 400 points of it, on faces "
        "and inside, with inputs of order 1 and 10, into it; a flow leaves through no face.",
        check_domain},
};

}  // namespace

std::span<const Check> domain_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
