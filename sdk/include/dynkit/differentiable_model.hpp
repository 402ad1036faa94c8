// A model from one formula. The author writes the right-hand side once, as a template over the
// number type; evaluation, Jacobians, tangents and cotangents come from it, exact to rounding.
//
//   #include "dynkit/differentiable_model.hpp"
//
//   struct Lorenz {
//     static constexpr dynkit::StateVariable kStates[] = {
//         {"x", -20, 20}, {"y", -25, 25}, {"z", 0, 50}};
//     static constexpr dynkit::Parameter kParameters[] = {
//         {"sigma", 10, "Prandtl number"},
//         {"rho", 28, "Rayleigh number"},
//         {"beta", 8.0 / 3, "shape of the rolls"}};
//     template <class S>
//     void dynamics(const S* x, const S* theta, S* dx) const {
//       const auto &sigma = theta[0], &rho = theta[1], &beta = theta[2];
//       dx[0] = sigma * (x[1] - x[0]);
//       dx[1] = x[0] * (rho - x[2]) - x[1];
//       dx[2] = x[0] * x[1] - beta * x[2];
//     }
//   };
//   DYNKIT_PLUGIN(dynkit::differentiable_component<Lorenz>(
//       {"org.example.lorenz", "1.0.0", "x' = sigma (y - x), ..."}))
//
// `dynamics` takes what it needs: (x, theta, dx), (x, u, theta, dx) or (t, x, u, theta, dx). It
// calls exp, sin, ... after `using namespace dynkit::math` (dynkit/elementary.hpp), and may branch
// on values. An author may add:
//
//   static constexpr std::int32_t kTimeKind = DK_MAP;    dx is the next state (else a flow)
//   static constexpr const char* kInputs[] = {"force"};  inputs u
//   static constexpr bool kBranchFree = true;            dynamics has no branch on values: several
//                                                        samples are computed at once
//   static constexpr bool kSmooth = false;               its derivatives jump
//   static constexpr dk_noise_info kNoise = {...};       dynkit.noise/1, and with it
//     void noise(x, theta, G) const                      its amplitude in doubles, with u and t
//                                                        as in dynamics
//   void box(theta, lower, upper) const                  dynkit.domain/1, in doubles
//   static constexpr dk_setting kSettings[] = {...};     settings, and with them
//     explicit Lorenz(const dynkit::Settings&);
//   ModelLayout layout() const                           instead of kStates, kInputs, kParameters
//                                                        where sizes depend on settings
//
// The bits of a sample do not depend on its batch. On machines with fused multiply-adds a compiler
// may fuse a formula of doubles differently than one of Packs, so a single sample then goes through
// a Pack too, unless the plugin is compiled with -ffp-contract=off -DDYNKIT_UNFUSED.
//
// Cost: a Jacobian or K tangents take ceil(columns / 4) evaluations with four directions each.
// Cotangents take the same over n + m + p where that is at most 12, else one recording of a tape
// and a sweep for each.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "dynkit/author_extensions.hpp"
#include "dynkit/author_model.hpp"
#include "dynkit/component.hpp"
#include "dynkit/dual.hpp"
#include "dynkit/model_layout.hpp"
#include "dynkit/pack.hpp"
#include "dynkit/strided.hpp"
#include "dynkit/tape.hpp"

namespace dynkit {

/// The model class behind `differentiable_component`. Its members are those of dynkit/model.h.
template <class Author>
class DifferentiableModel {
 public:
  static constexpr std::span<const dk_setting> kSettings = [] {
    if constexpr (requires { Author::kSettings; }) {
      return std::span<const dk_setting>(Author::kSettings);
    } else {
      return kNoSettings;
    }
  }();

  DifferentiableModel(const dk_host&, const Settings& settings)
      : author_(make_author(settings)),
        description_(detail::layout_of(author_), time_kind(), flags(),
                     std::numeric_limits<double>::quiet_NaN()),
        info_(description_.info()) {}

  const dk_model_info& info() const { return info_; }

  std::int64_t scratch_size(std::int32_t operation, std::int64_t, std::int64_t) const {
    if (operation == DK_EVAL) return detail::Arguments<Author, Plain>::scratch_size(info_);
    if (operation == DK_VJP && !kForwardCotangents) {
      return detail::Arguments<Author, Taped>::scratch_size(info_);
    }
    if (operation == DK_JACOBIAN) {
      return detail::Arguments<Author, ManyDirections>::scratch_size(info_);
    }
    return detail::Arguments<Author, Directions>::scratch_size(info_);
  }

  void eval(const dk_points& points, const dk_output& out) const {
    if (kUnfused && points.count == 1) return eval_with<double>(points, out);
    eval_with<Plain>(points, out);
  }

  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    if (points.count == 1) return jacobian_with<Directions>(points, wrt, J);
    jacobian_with<ManyDirections>(points, wrt, J);
  }

  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const {
    detail::Arguments<Author, Directions> at(info_, points.scratch);
    const Inputs inputs(points);
    const Strided<double> into = strided(out, points.layout);
    const auto x_dot = strided(tangents.x, points.layout);
    const auto u_dot = strided(tangents.u, points.layout);
    const auto theta_dot = strided(tangents.theta, points.layout);
    for (std::int64_t s = 0; s < points.count; ++s) {
      load(inputs, s, 1, at);
      for (std::int64_t k = 0; k < tangents.count; k += kDirections) {
        const int count = static_cast<int>(std::min<std::int64_t>(kDirections, tangents.count - k));
        load_tangents(x_dot, s, k, count, info_.n, at.x);
        load_tangents(u_dot, s, k, count, info_.m, at.u);
        load_tangents(theta_dot, s, k, count, info_.p, at.theta);
        evaluate(at);
        for (int d = 0; d < count; ++d) {
          for (std::int64_t i = 0; i < info_.n; ++i) {
            into(s, (k + d) * info_.n + i) = at.out[i].tangent[d];
          }
        }
      }
    }
  }

  void vjp(const dk_points& points, const dk_cotangents& cotangents) const {
    if constexpr (kForwardCotangents) {
      vjp_forward(points, cotangents);
    } else {
      vjp_backward(points, cotangents);
    }
  }

  const void* extension(std::string_view id) const {
    return detail::author_extension<DifferentiableModel, Author>(id);
  }

  const Author& author() const { return author_; }
  const ModelDescription& description() const { return description_; }

 private:
  // Directions of one forward pass: a vector register or two.
  static constexpr int kDirections = 4;
  using Directions = Dual<kDirections>;

  // Up to three forward passes are faster than a tape.
  static constexpr bool kForwardCotangents =
      detail::HasFixedSizes<Author> && detail::fixed_state_count<Author>() +
                                               detail::fixed_input_count<Author>() +
                                               detail::fixed_parameter_count<Author>() <=
                                           12;

  static constexpr bool kBranchFree = [] {
    if constexpr (requires { Author::kBranchFree; }) return Author::kBranchFree;
    return false;
  }();
  // Several samples at once. Their derivatives too, where a formula's numbers fit into a cache.
  using Plain = std::conditional_t<kBranchFree, Pack, double>;
  using ManyDirections =
      std::conditional_t<kUnfused && kBranchFree && detail::HasFixedSizes<Author>,
                         Dual<kDirections, Pack>, Directions>;

  struct Inputs {
    explicit Inputs(const dk_points& points)
        : t(strided_times(points.t, points.layout)),
          x(strided(points.x, points.layout)),
          u(strided(points.u, points.layout)),
          theta(strided(points.theta, points.layout)) {}
    Strided<const double> t, x, u, theta;
  };

  // Sizes that the compiler knows where the author's are fixed, so that loops over them unroll.
  std::int64_t state_count() const {
    return detail::HasFixedSizes<Author> ? detail::fixed_state_count<Author>() : info_.n;
  }
  std::int64_t input_count() const {
    return detail::HasFixedSizes<Author> ? detail::fixed_input_count<Author>() : info_.m;
  }
  std::int64_t parameter_count() const {
    return detail::HasFixedSizes<Author> ? detail::fixed_parameter_count<Author>() : info_.p;
  }

  static Author make_author(const Settings& settings) {
    if constexpr (std::is_constructible_v<Author, const Settings&>) {
      return Author(settings);
    } else {
      (void)settings;
      return Author();
    }
  }

  static constexpr std::int32_t time_kind() {
    if constexpr (requires { Author::kTimeKind; }) return Author::kTimeKind;
    return DK_FLOW;
  }

  // Every sample goes through the same instructions, so splitting a batch changes nothing.
  static constexpr std::uint64_t flags() {
    std::uint64_t flags = DK_BATCH_EXACT | DK_HAS_COLUMNS;
    if constexpr (detail::uses_time<Author>) flags |= DK_USES_TIME;
    if constexpr (requires { Author::kSmooth; }) flags |= Author::kSmooth ? 0 : DK_NOT_SMOOTH;
    return flags;
  }

  // Arguments of the samples from s on. A shared theta is read once, with the first sample.
  template <class Number>
  void load(const Inputs& from, std::int64_t s, int count,
            detail::Arguments<Author, Number>& at) const {
    if (from.t) detail::read(from.t, s, 0, count, at.t);
    for (std::int64_t i = 0; i < state_count(); ++i) detail::read(from.x, s, i, count, at.x[i]);
    if (from.u) {
      for (std::int64_t i = 0; i < input_count(); ++i) detail::read(from.u, s, i, count, at.u[i]);
    }
    if (s == 0 || from.theta.sample != 0) {
      for (std::int64_t i = 0; i < parameter_count(); ++i) {
        detail::read(from.theta, s, i, count, at.theta[i]);
      }
    }
  }

  template <class Number>
  void evaluate(detail::Arguments<Author, Number>& at) const {
    detail::call_with_arguments(detail::Dynamics<Author>{author_}, at.t, std::as_const(at.x),
                                std::as_const(at.u), std::as_const(at.theta), at.out);
  }

  // Number: what the formula is evaluated with, one or several samples at a time.
  template <class Number>
  void eval_with(const dk_points& points, const dk_output& out) const {
    detail::Arguments<Author, Number> at(info_, points.scratch);
    const Inputs inputs(points);
    const Strided<double> into = strided(out, points.layout);
    constexpr int kStep = detail::lanes<Number>;
    for (std::int64_t s = 0; s < points.count; s += kStep) {
      const int count = static_cast<int>(std::min<std::int64_t>(kStep, points.count - s));
      load(inputs, s, count, at);
      evaluate(at);
      for (std::int64_t i = 0; i < state_count(); ++i) {
        detail::write(at.out[i], s, i, count, into);
      }
    }
  }

  template <class Number>
  void jacobian_with(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    detail::Arguments<Author, Number> at(info_, points.scratch);
    const Inputs inputs(points);
    const Strided<double> into = strided(J, points.layout);
    const Part<Number> part = part_of(wrt, at);
    constexpr int kStep = detail::lanes<Number>;
    for (std::int64_t s = 0; s < points.count; s += kStep) {
      const int samples = static_cast<int>(std::min<std::int64_t>(kStep, points.count - s));
      load(inputs, s, samples, at);
      for_each_pass(at, part, [&](std::int64_t j, int count) {
        for (std::int64_t i = 0; i < state_count(); ++i) {
          for (int d = 0; d < count; ++d) {
            detail::write(at.out[i].tangent[d], s, i * J.row_stride + j + d, samples, into);
          }
        }
      });
    }
  }

  // One of the arguments that can be differentiated.
  template <class Number>
  struct Part {
    Number* numbers;
    std::int64_t count;
  };

  template <class Number>
  Part<Number> part_of(std::int32_t wrt, detail::Arguments<Author, Number>& at) const {
    if (wrt == DK_WRT_STATE) return {at.x, state_count()};
    if (wrt == DK_WRT_INPUT) return {at.u, info_.m};
    if (wrt == DK_WRT_PARAMETERS) return {at.theta, info_.p};
    throw Error(DK_INVALID_ARGUMENT, "jacobian: wrt " + std::to_string(wrt) + " is not in [1, 3]");
  }

  // Evaluates the loaded sample with the directions of part_j .. part_j + count, for all j in
  // steps of kDirections, and calls `use(j, count)` each time: at.out has the slopes.
  template <class Number, class Use>
  void for_each_pass(detail::Arguments<Author, Number>& at, const Part<Number>& part,
                     Use use) const {
    for (std::int64_t j = 0; j < part.count; j += kDirections) {
      const int count = static_cast<int>(std::min<std::int64_t>(kDirections, part.count - j));
      for (int d = 0; d < count; ++d) part.numbers[j + d].tangent[d] = 1;
      evaluate(at);
      use(j, count);
      for (int d = 0; d < count; ++d) part.numbers[j + d].tangent[d] = 0;
    }
  }

  // Directions k .. k + count of [K,size] into the first tangents, zeros into the others.
  static void load_tangents(const Strided<const double>& from, std::int64_t s, std::int64_t k,
                            int count, std::int64_t size, Directions* into) {
    if (!from) return;
    for (std::int64_t i = 0; i < size; ++i) {
      for (int d = 0; d < kDirections; ++d) {
        into[i].tangent[d] = d < count ? from(s, (k + d) * size + i) : 0;
      }
    }
  }

  // x_bar_j = sum_i out_bar_i d out_i / d x_j, the slopes from forward passes.
  void vjp_forward(const dk_points& points, const dk_cotangents& cotangents) const {
    detail::Arguments<Author, Directions> at(info_, points.scratch);
    const Inputs inputs(points);
    const auto out_bar = strided(cotangents.out, points.layout);
    const auto x_bar = strided(cotangents.x, points.layout);
    const auto u_bar = strided(cotangents.u, points.layout);
    const auto theta_bar = strided(cotangents.theta, points.layout);
    const auto pull_back = [&](std::int64_t s, const Strided<double>& bar,
                               const Part<Directions>& part, bool accumulates) {
      if (!bar) return;
      for_each_pass(at, part, [&](std::int64_t j, int count) {
        for (std::int64_t k = 0; k < cotangents.count; ++k) {
          Directions sum;
          for (std::int64_t i = 0; i < info_.n; ++i) {
            sum += out_bar(s, k * info_.n + i) * at.out[i];
          }
          for (int d = 0; d < count; ++d) {
            double& into = bar(s, k * part.count + j + d);
            into = accumulates ? into + sum.tangent[d] : sum.tangent[d];
          }
        }
      });
    };
    for (std::int64_t s = 0; s < points.count; ++s) {
      load(inputs, s, 1, at);
      pull_back(s, x_bar, part_of(DK_WRT_STATE, at), false);
      pull_back(s, u_bar, part_of(DK_WRT_INPUT, at), false);
      pull_back(s, theta_bar, part_of(DK_WRT_PARAMETERS, at), true);
    }
  }

  // The same by one recording for each sample and one sweep for each cotangent.
  void vjp_backward(const dk_points& points, const dk_cotangents& cotangents) const {
    thread_local Tape tape;  // keeps its memory from call to call
    detail::Arguments<Author, Taped> at(info_, points.scratch);
    const Inputs inputs(points);
    const auto out_bar = strided(cotangents.out, points.layout);
    const auto x_bar = strided(cotangents.x, points.layout);
    const auto u_bar = strided(cotangents.u, points.layout);
    const auto theta_bar = strided(cotangents.theta, points.layout);
    for (std::int64_t s = 0; s < points.count; ++s) {
      tape.clear();
      load(inputs, s, 1, at);
      if (x_bar) record(tape, info_.n, at.x);
      if (u_bar) record(tape, info_.m, at.u);
      if (theta_bar) record(tape, info_.p, at.theta);
      evaluate(at);
      for (std::int64_t k = 0; k < cotangents.count; ++k) {
        tape.reset();
        for (std::int64_t i = 0; i < info_.n; ++i) {
          tape.seed(at.out[i], out_bar(s, k * info_.n + i));
        }
        tape.sweep();
        if (x_bar) {
          for (std::int64_t i = 0; i < info_.n; ++i) {
            x_bar(s, k * info_.n + i) = tape.adjoint(at.x[i]);
          }
        }
        if (u_bar) {
          for (std::int64_t i = 0; i < info_.m; ++i) {
            u_bar(s, k * info_.m + i) = tape.adjoint(at.u[i]);
          }
        }
        if (theta_bar) {
          for (std::int64_t i = 0; i < info_.p; ++i) {
            theta_bar(s, k * info_.p + i) += tape.adjoint(at.theta[i]);
          }
        }
      }
    }
  }

  static void record(Tape& tape, std::int64_t count, Taped* numbers) {
    for (std::int64_t i = 0; i < count; ++i) numbers[i] = tape.input(numbers[i].value());
  }

  const Author author_;
  const ModelDescription description_;
  const dk_model_info& info_;
};

/// The component of a model from one formula, for DYNKIT_PLUGIN.
template <class Author>
constexpr dk_component differentiable_component(const Identity& identity) {
  return model_component<DifferentiableModel<Author>>(identity);
}

}  // namespace dynkit
