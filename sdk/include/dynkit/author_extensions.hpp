// The optional interfaces of a DifferentiableModel (dynkit/differentiable_model.hpp): starts from
// the declared values and ranges, and noise and domain where the author wrote them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dynkit/author_model.hpp"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/noise.h"

namespace dynkit::detail {

// Parameters as declared; a state drawn evenly from the typical ranges.
template <class Model>
constexpr dk_initial_v1 make_initial_table() {
  return {[](const dk_model* model, const dk_host*, dk_stream*, double* theta, dk_error* error) {
            return guard(error, [&] {
              const std::vector<double>& values = from<Model>(model).description().theta();
              std::copy(values.begin(), values.end(), theta);
            });
          },
          [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*,
             double* x, dk_error* error) {
            return guard(error, [&] {
              for (const auto& state : from<Model>(model).description().layout().states) {
                double u = 0;
                host->uniform(host, stream, 1, &u);
                *x++ = state.lower + (state.upper - state.lower) * u;
              }
            });
          }};
}

template <class Author>
void noise_amplitude(const Author& author, const dk_model_info& info, const dk_points& points,
                     const dk_output& G) {
  const std::vector<double> no_input(static_cast<std::size_t>(info.m));
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double t = points.t.data != nullptr ? points.t.data[s * points.t.stride] : 0;
    const double* u =
        points.u.data != nullptr ? points.u.data + s * points.u.stride : no_input.data();
    call_with_arguments(Noise<Author>{author}, t, points.x.data + s * points.x.stride, u,
                        points.theta.data + s * points.theta.stride, G.data + s * G.stride);
  }
}

template <class Model, class Author>
constexpr dk_noise_v1 make_noise_table() {
  return {[](const dk_model*) { return &Author::kNoise; },
          [](const dk_model* model, const dk_points* points, const dk_output* G, dk_error* error) {
            return guard(error, [&] {
              const Model& self = from<Model>(model);
              noise_amplitude(self.author(), self.info(), *points, *G);
            });
          }};
}

template <class Model>
constexpr dk_domain_v1 make_domain_table() {
  return {[](const dk_model* model, const double* theta, double* lower, double* upper,
             dk_error* error) {
    return guard(error, [&] { from<Model>(model).author().box(theta, lower, upper); });
  }};
}

template <class Model, class Author>
const void* author_extension(std::string_view id) {
  static constexpr dk_initial_v1 kInitial = make_initial_table<Model>();
  if (id == DK_INITIAL_V1) return &kInitial;
  if constexpr (requires { Author::kNoise; }) {
    static constexpr dk_noise_v1 kNoise = make_noise_table<Model, Author>();
    if (id == DK_NOISE_V1) return &kNoise;
  }
  if constexpr (requires(const Author& author, double* v) { author.box(v, v, v); }) {
    static constexpr dk_domain_v1 kDomain = make_domain_table<Model>();
    if (id == DK_DOMAIN_V1) return &kDomain;
  }
  return nullptr;
}

}  // namespace dynkit::detail
