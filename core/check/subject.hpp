// A model or a readout under check: one set of operations, whichever of the two it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/model.h"
#include "instance.hpp"

namespace dynkit::conformance {

using Numbers = std::vector<double>;

/// What it says of itself. A readout y = g(z) has the state z and no input.
struct Facts {
  std::int32_t time_kind = 0;  // DK_MAP, DK_FLOW; 0: a readout
  std::int32_t threading = 0;
  std::uint64_t flags = 0;
  std::int64_t n = 0, m = 0, p = 0;  // state, input, parameters
  std::int64_t q = 0;                // what eval gives: n of a model, o of a readout
  double step = 0.0;
  const double* state_scale = nullptr;
  std::vector<dk_block> blocks;

  bool has(std::uint64_t flag) const { return (flags & flag) != 0; }
  /// n, m or p for DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS.
  std::int64_t width(std::int32_t wrt) const {
    return wrt == DK_WRT_STATE ? n : wrt == DK_WRT_INPUT ? m : p;
  }
};

/// The members of its table with the instance bound; what is NULL there is empty here.
struct Operations {
  std::function<std::int64_t(std::int32_t, std::int64_t, std::int64_t)> scratch_size;
  std::function<std::int64_t()> prepared_size;
  std::function<std::int64_t(std::int64_t)> tape_size;
  std::function<dk_status(const double*, void*, dk_error*)> prepare;
  std::function<dk_status(const dk_points*, const dk_output*, dk_error*)> eval;
  std::function<dk_status(const dk_points*, std::int32_t, const dk_matrices*, dk_error*)> jacobian;
  std::function<dk_status(const dk_points*, const dk_tangents*, const dk_output*, dk_error*)> jvp;
  std::function<dk_status(const dk_points*, const dk_cotangents*, dk_error*)> vjp;
  std::function<const void*(const char*)> extension;
};

class Subject {
 public:
  /// With small sizes that are pairwise different.
  explicit Subject(const CheckContext& context);
  Subject(const CheckContext& context, const Config::Table& settings);

  const CheckContext& context() const { return context_; }
  const Facts& facts() const { return facts_; }
  const Operations& operations() const { return operations_; }
  const dk_host& host() const { return living_.host(); }

  const void* instance() const { return living_.get(); }
  /// The instance of a model, for its optional interfaces.
  const dk_model* model() const { return static_cast<const dk_model*>(living_.get()); }

  /// An optional interface, or nullptr.
  template <class Interface>
  const Interface* extension(const char* id) const {
    return static_cast<const Interface*>(operations_.extension(id));
  }

  /// From now on the subject has these instead of its table's.
  void replace(Operations operations) { operations_ = std::move(operations); }

 private:
  const CheckContext& context_;
  LivingInstance living_;
  Facts facts_;
  Operations operations_;
};

/// "DK_NUMERIC (-8)"; fails for a status that the SDK does not know.
std::string status_text(dk_status status, const char* call);

/// Throws CheckFailure unless the call went well.
void expect_ok(dk_status status, const dk_error& error, const char* call);

}  // namespace dynkit::conformance
