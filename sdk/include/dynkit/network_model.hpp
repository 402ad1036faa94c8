// A model made of matrix products, from a kernel that is written once for double and float.
//
// A kernel computes with rows that share theta, in two steps: `activate` fills the record of each
// row, all that its value and derivatives need (the activations of its layers); the other functions
// read it. NetworkModel does what is the same for every such model: it cuts the batch into parts
// whose numbers stay in the second-level cache, keeps the records on the tape or makes them again,
// and offers both precisions. A kernel has
//
//   std::int64_t record_size() const;                               numbers of a row's record
//   std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const;  numbers
//   std::int64_t prepared_size() const;                             numbers
//   template <class N> void prepare(const N* theta, N* prepared) const;
//   template <class N> void activate(const Points<N>&, N* record) const;
//   template <class N> void eval(const Points<N>&, const N* record, const Output<N>& out) const;
//   template <class N> void jacobian(const Points<N>&, const N* record, std::int32_t wrt, N* work,
//                                    const Matrices<N>& J) const;
//   template <class N> void jvp(const Points<N>&, const N* record, const Tangents<N>&, N* work,
//                               const Output<N>& out) const;
//   template <class N> void vjp(const Points<N>&, const N* record, const Cotangents<N>&, N* work)
//                               const;
//
// and, for the balanced residual of dynkit/balance.h,
//
//   void residual(const dk_points&, const double* record, const dk_output& r) const;
//   void residual_jacobian(const dk_points&, const double* record, double* work,
//                          const dk_matrices& dr_dx) const;
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "dynkit/balance.h"
#include "dynkit/error.hpp"
#include "dynkit/precision.hpp"
#include "dynkit/views.hpp"

namespace dynkit {

/// The operations of dynkit/model.h and dynkit/f32.h over a kernel.
template <class Kernel>
class NetworkModel {
 public:
  template <class... Arguments>
  explicit NetworkModel(Arguments&&... arguments)
      : kernel_(std::forward<Arguments>(arguments)...) {}

  const Kernel& kernel() const { return kernel_; }

  std::int64_t scratch_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    return scratch_size<double>(operation, S, K);
  }
  std::int64_t prepared_size() const { return prepared_size<double>(); }
  std::int64_t tape_size(std::int64_t S) const { return tape_size<double>(S); }
  void prepare(const double* theta, void* prepared) const { prepare<double>(theta, prepared); }
  void eval(const dk_points& points, const dk_output& out) const { eval<double>(points, out); }
  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    jacobian<double>(points, wrt, J);
  }
  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const {
    jvp<double>(points, tangents, out);
  }
  void vjp(const dk_points& points, const dk_cotangents& cotangents) const {
    vjp<double>(points, cotangents);
  }

  template <class Number>
  std::int64_t scratch_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    const bool directed = operation == DK_JVP || operation == DK_VJP;
    const std::int64_t samples = std::min(S, part_size(directed ? K : 1));
    return (samples * kernel_.record_size() + kernel_.work_size(operation, samples, K)) *
           std::int64_t{sizeof(Number)};
  }
  template <class Number>
  std::int64_t prepared_size() const {
    return kernel_.prepared_size() * std::int64_t{sizeof(Number)};
  }
  template <class Number>
  std::int64_t tape_size(std::int64_t S) const {
    return S * kernel_.record_size() * std::int64_t{sizeof(Number)};
  }

  template <class Number>
  void prepare(const Number* theta, void* prepared) const {
    kernel_.prepare(theta, static_cast<Number*>(prepared));
  }

  template <class Number>
  void eval(const Points<Number>& points, const Output<Number>& out) const {
    for_each_part(points, part_size(1), [&](const Points<Number>& part, std::int64_t begin) {
      Number* record =
          part.tape != nullptr ? tape_of<Number>(part, begin) : scratch_of<Number>(part);
      kernel_.activate(part, record);
      kernel_.eval(part, std::as_const(record), from_sample(out, begin));
    });
  }

  template <class Number>
  void jacobian(const Points<Number>& points, std::int32_t wrt, const Matrices<Number>& J) const {
    for_each_record<Number>(
        points, 1,
        [&](const Points<Number>& part, const Number* record, Number* work, std::int64_t begin) {
          kernel_.jacobian(part, record, wrt, work, from_sample(J, begin));
        });
  }

  /// The balanced residual and its derivative, each wanted unless NULL.
  void balance(const dk_points& points, const dk_output* r, const dk_matrices* dr_dx) const {
    for_each_record<double>(
        points, 1,
        [&](const dk_points& part, const double* record, double* work, std::int64_t begin) {
          if (r != nullptr && r->data != nullptr) {
            kernel_.residual(part, record, from_sample(*r, begin));
          }
          if (dr_dx != nullptr) {
            kernel_.residual_jacobian(part, record, work, from_sample(*dr_dx, begin));
          }
        });
  }

  template <class Number>
  void jvp(const Points<Number>& points, const Tangents<Number>& tangents,
           const Output<Number>& out) const {
    for_each_record<Number>(
        points, tangents.count,
        [&](const Points<Number>& part, const Number* record, Number* work, std::int64_t begin) {
          kernel_.jvp(part, record, from_sample(tangents, begin), work, from_sample(out, begin));
        });
  }

  template <class Number>
  void vjp(const Points<Number>& points, const Cotangents<Number>& cotangents) const {
    for_each_record<Number>(
        points, cotangents.count,
        [&](const Points<Number>& part, const Number* record, Number* work, std::int64_t begin) {
          kernel_.vjp(part, record, from_sample(cotangents, begin), work);
        });
  }

 protected:
  // Rows and directions that a part has at most.
  static constexpr std::int64_t kPartRows = 128;

  static std::int64_t part_size(std::int64_t directions) {
    return std::max<std::int64_t>(1, kPartRows / std::max<std::int64_t>(1, directions));
  }

  template <class Number>
  static Number* scratch_of(const Points<Number>& part) {
    return static_cast<Number*>(part.scratch);
  }
  template <class Number>
  Number* tape_of(const Points<Number>& part, std::int64_t begin) const {
    return static_cast<Number*>(part.tape) + begin * kernel_.record_size();
  }

  // With what `eval` left on the tape, or the same again in scratch.
  template <class Number, class Body>
  void for_each_record(const Points<Number>& points, std::int64_t directions, Body&& body) const {
    for_each_part(points, part_size(directions),
                  [&](const Points<Number>& part, std::int64_t begin) {
                    Number* record = scratch_of<Number>(part);
                    Number* work = record + part.count * kernel_.record_size();
                    if (part.tape != nullptr) {
                      record = tape_of<Number>(part, begin);
                    } else {
                      kernel_.activate(part, record);
                    }
                    body(part, std::as_const(record), work, begin);
                  });
  }

  Kernel kernel_;
};

/// The interface dynkit.balance/1 of a model with a function `balance`, for its `extension`.
template <class Model>
inline constexpr dk_balance_v1 balance_table = {
    [](const dk_model* model, const dk_points* points, const dk_output* r, dk_error* error) {
      return guard(error,
                   [&] { reinterpret_cast<const Model*>(model)->balance(*points, r, nullptr); });
    },
    [](const dk_model* model, const dk_points* points, const dk_output* r, const dk_matrices* dr_dx,
       dk_error* error) {
      return guard(error,
                   [&] { reinterpret_cast<const Model*>(model)->balance(*points, r, dr_dx); });
    },
};

/// The single precision of a NetworkModel, for its `extension`.
template <class Model>
inline constexpr dk_f32_v1 f32_table = {
    .scratch_size =
        [](const void* self, std::int32_t operation, std::int64_t S, std::int64_t K) {
          return static_cast<const Model*>(self)->template scratch_size<float>(operation, S, K);
        },
    .prepared_size =
        [](const void* self) {
          return static_cast<const Model*>(self)->template prepared_size<float>();
        },
    .tape_size =
        [](const void* self, std::int64_t S) {
          return static_cast<const Model*>(self)->template tape_size<float>(S);
        },
    .prepare =
        [](const void* self, const float* theta, void* prepared, dk_error* error) {
          return guard(error, [&] {
            static_cast<const Model*>(self)->template prepare<float>(theta, prepared);
          });
        },
    .eval =
        [](const void* self, const dk_points_f32* points, const dk_output_f32* out,
           dk_error* error) {
          return guard(
              error, [&] { static_cast<const Model*>(self)->template eval<float>(*points, *out); });
        },
    .jacobian =
        [](const void* self, const dk_points_f32* points, std::int32_t wrt,
           const dk_matrices_f32* J, dk_error* error) {
          return guard(error, [&] {
            static_cast<const Model*>(self)->template jacobian<float>(*points, wrt, *J);
          });
        },
    .jvp =
        [](const void* self, const dk_points_f32* points, const dk_tangents_f32* tangents,
           const dk_output_f32* out, dk_error* error) {
          return guard(error, [&] {
            static_cast<const Model*>(self)->template jvp<float>(*points, *tangents, *out);
          });
        },
    .vjp =
        [](const void* self, const dk_points_f32* points, const dk_cotangents_f32* cotangents,
           dk_error* error) {
          return guard(error, [&] {
            static_cast<const Model*>(self)->template vjp<float>(*points, *cotangents);
          });
        },
};

}  // namespace dynkit

/// Instantiates the functions of a kernel, behind their definitions in its source file.
#define DYNKIT_INSTANTIATE_KERNEL(Kernel)       \
  DYNKIT_INSTANTIATE_KERNEL_FOR(Kernel, double) \
  DYNKIT_INSTANTIATE_KERNEL_FOR(Kernel, float)
#define DYNKIT_INSTANTIATE_KERNEL_FOR(Kernel, Number)                                        \
  template void Kernel::activate(const dynkit::Points<Number>&, Number*) const;              \
  template void Kernel::eval(const dynkit::Points<Number>&, const Number*,                   \
                             const dynkit::Output<Number>&) const;                           \
  template void Kernel::jacobian(const dynkit::Points<Number>&, const Number*, std::int32_t, \
                                 Number*, const dynkit::Matrices<Number>&) const;            \
  template void Kernel::jvp(const dynkit::Points<Number>&, const Number*,                    \
                            const dynkit::Tangents<Number>&, Number*,                        \
                            const dynkit::Output<Number>&) const;                            \
  template void Kernel::vjp(const dynkit::Points<Number>&, const Number*,                    \
                            const dynkit::Cotangents<Number>&, Number*) const;
