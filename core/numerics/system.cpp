#include "dynkit/core/system.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "derivatives.hpp"
#include "dynkit/balance.h"
#include "dynkit/core/workspace.hpp"
#include "dynkit/domain.h"
#include "dynkit/error.hpp"
#include "dynkit/initial.h"
#include "dynkit/noise.h"
#include "dynkit/with_parameters.h"
#include "simulate.hpp"

namespace dynkit {
namespace {

const System& from(const dk_system* system) {
  return *static_cast<const System*>(system->context);
}

dk_status find_domain(const System& system, double* lower, double* upper, dk_error* error) {
  const auto* domain = system.model().extension<dk_domain_v1>(DK_DOMAIN_V1);
  if (domain == nullptr) {
    return set_error(error, DK_UNSUPPORTED, "the model declares no box that traps its states");
  }
  const Model::Lease model(system.model());
  return domain->box(model, system.theta().data(), lower, upper, error);
}

dk_status typical_state(const System& system, dk_stream* stream, double* x, dk_error* error) {
  const auto* initial = system.model().extension<dk_initial_v1>(DK_INITIAL_V1);
  if (initial == nullptr) {
    std::fill(x, x + system.model().info().n, 0.0);
    return DK_OK;
  }
  const Model::Lease model(system.model());
  return initial->state(model, &system.host(), stream, system.theta().data(), x, error);
}

constexpr dk_with_parameters_v1 kWithParameters = {
    [](const dk_system* s, const double* theta, const dk_simulation* simulation, dk_error* error) {
      return guard(error, [&] {
        const System& own = from(s);
        const System other(own.shared_model(), {theta, theta + own.model().info().p}, own.host());
        simulate(other, *simulation);
      });
    },
};

void fill_operations(dk_system& table) {
  table.eval = [](const dk_system* s, const dk_points* points, const dk_output* out,
                  dk_error* error) { return guard(error, [&] { eval(from(s), *points, *out); }); };
  table.jacobian = [](const dk_system* s, const dk_points* points, std::int32_t wrt,
                      const dk_matrices* J, dk_error* error) {
    return guard(error, [&] { jacobian(from(s), *points, wrt, *J); });
  };
  table.jvp = [](const dk_system* s, const dk_points* points, const dk_tangents* tangents,
                 const dk_output* out, dk_error* error) {
    return guard(error, [&] { jvp(from(s), *points, *tangents, *out); });
  };
  table.vjp = [](const dk_system* s, const dk_points* points, const dk_cotangents* cotangents,
                 dk_error* error) {
    return guard(error, [&] { vjp(from(s), *points, *cotangents); });
  };
  table.residual = [](const dk_system* s, const dk_points* points, const dk_output* r,
                      dk_error* error) {
    return guard(error, [&] { residual(from(s), *points, *r); });
  };
  table.linearized = [](const dk_system* s, const dk_points* points, const dk_output* r,
                        const dk_matrices* dr_dx, dk_error* error) {
    return guard(error, [&] { linearized(from(s), *points, *r, *dr_dx); });
  };
}

void fill_services(dk_system& table) {
  table.domain = [](const dk_system* s, double* lower, double* upper, dk_error* error) {
    return guard(error, [&] { return find_domain(from(s), lower, upper, error); });
  };
  table.typical_state = [](const dk_system* s, dk_stream* stream, double* x, dk_error* error) {
    return guard(error, [&] { return typical_state(from(s), stream, x, error); });
  };
  table.simulate = [](const dk_system* s, const dk_simulation* simulation, dk_error* error) {
    return guard(error, [&] { simulate(from(s), *simulation); });
  };
  table.propagate_tangent = [](const dk_system* s, double t0, double t1, const double* u,
                               const dk_simulation* options, double* x, std::int64_t K, double* V,
                               dk_error* error) {
    return guard(error, [&] { propagate_tangent(from(s), t0, t1, u, *options, x, K, V); });
  };
  table.extension = [](const dk_system*, const char* id) -> const void* {
    return id == std::string_view(DK_WITH_PARAMETERS_V1) ? &kWithParameters : nullptr;
  };
}

// Rounds up to the alignment of buffers that cross the boundary.
void* align64(void* data) {
  return static_cast<std::byte*>(data) + (-reinterpret_cast<std::uintptr_t>(data) & 63);
}

}  // namespace

System::System(std::shared_ptr<const Model> model, std::vector<double> theta, const dk_host& host)
    : model_(std::move(model)),
      theta_(std::move(theta)),
      host_(&host),
      version_(model_->component().version),
      step_(std::isfinite(model_->info().step) ? model_->info().step : 1.0),
      propagators_(std::make_unique<TangentPropagators>()) {
  if (static_cast<std::int64_t>(theta_.size()) != model_->info().p) {
    throw Error(DK_SHAPE_MISMATCH, std::to_string(theta_.size()) + " parameters for a model with " +
                                       std::to_string(model_->info().p));
  }
  prepare();
  table_.context = this;
  table_.component = model_->component().id;
  table_.version = version_.c_str();
  table_.info = &model_->info();
  table_.theta = theta_.data();
  const dk_model_v1& own = model_->table();
  const bool exact = own.jacobian != nullptr || own.jvp != nullptr || own.vjp != nullptr;
  table_.jacobian_kind = exact ? DK_EXACT : DK_DIFFERENCES;
  table_.residual_balanced = model_->extension<dk_balance_v1>(DK_BALANCE_V1) != nullptr ? 1 : 0;
  if (const auto* noise = model_->extension<dk_noise_v1>(DK_NOISE_V1)) {
    table_.noise = noise->info(Model::Lease(*model_));
  }
  fill_operations(table_);
  fill_services(table_);
}

System::~System() = default;

void System::prepare() {
  const dk_model_v1& table = model_->table();
  if (table.prepared_size == nullptr || table.prepare == nullptr) return;
  const Model::Lease model(*model_);
  const auto bytes = static_cast<std::size_t>(table.prepared_size(model));
  if (bytes == 0) return;
  prepared_.resize(bytes / sizeof(double) + 64 / sizeof(double) + 1);
  void* data = align64(prepared_.data());
  call(table.prepare, static_cast<const dk_model*>(model), theta_.data(), data);
  prepared_data_ = data;
}

dk_points System::complete(const dk_points& points, std::int32_t operation, std::int64_t K) const {
  thread_local Workspace scratch;
  dk_points whole = points;
  if (whole.theta.data == nullptr) {
    whole.theta = {theta_.data(), 0};
    whole.prepared = prepared_data_;
  }
  if (whole.h.data == nullptr && (model_->info().flags & DK_USES_STEP) != 0) whole.h = {&step_, 0};
  const dk_model_v1& table = model_->table();
  if (whole.scratch == nullptr && table.scratch_size != nullptr) {
    const Model::Lease model(*model_);
    const auto bytes = table.scratch_size(model, operation, points.count, K);
    if (bytes > 0) whole.scratch = scratch.bytes(static_cast<std::size_t>(bytes));
  }
  return whole;
}

std::string System::derivative() const {
  const dk_model_v1& table = model_->table();
  if (table.jacobian != nullptr) return "exact (own Jacobian)";
  if (table.jvp != nullptr) return "exact (from jvp)";
  if (table.vjp != nullptr) return "exact (from vjp)";
  return "central differences";
}

}  // namespace dynkit
