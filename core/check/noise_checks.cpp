// dynkit.noise/1: the amplitude of the noise.
#include <array>

#include "compare.hpp"
#include "extension_checks.hpp"
#include "points.hpp"

namespace dynkit::conformance {

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

namespace {

constexpr std::int64_t kSamples = 7;

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

constexpr std::array kChecks = {
    Check{"noise", Scope::model, false,
          "dynkit.noise/1: kind, calculus and number of processes fit together, the amplitude has "
          "the shape that the kind asks for, and additive noise does not depend on the state.",
          check_noise},
};

}  // namespace

std::span<const Check> noise_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
