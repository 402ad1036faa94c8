#include "dynkit/core/model.hpp"

#include <fmt/format.h>

#include "create.hpp"
#include "dynkit/error.hpp"
#include "dynkit/initial.h"

namespace dynkit {
namespace {

void check_info(const dk_component& component, const dk_model_info* info) {
  if (info == nullptr) disown(component, "it gives no information on itself");
  if (info->time_kind != DK_MAP && info->time_kind != DK_FLOW) {
    disown(component, fmt::format("time kind {} is neither map nor flow", info->time_kind));
  }
  if (info->n <= 0 || info->m < 0 || info->p < 0) {
    disown(component,
           fmt::format("sizes n = {}, m = {}, p = {} are not usable", info->n, info->m, info->p));
  }
  const std::string flaw = block_flaw(info->block_count, info->blocks, info->p);
  if (!flaw.empty()) disown(component, flaw);
}

const dk_model_v1& checked_table(const dk_component& component) {
  const auto& table = *static_cast<const dk_model_v1*>(component.interface_table);
  if (table.create == nullptr || table.destroy == nullptr || table.info == nullptr ||
      table.eval == nullptr || table.extension == nullptr) {
    disown(component, "a required function of its table is missing");
  }
  return table;
}

}  // namespace

Model::Model(const LoadedComponent& component, const Config::Table& settings, SettingSource& source,
             const dk_host& host)
    : component_(component),
      settings_(resolve_settings(*component.component, settings, source)),
      table_(&checked_table(*component.component)),
      instances_(
          [this, &host] {
            return create_instance<dk_model>(this->component(), table_->create, settings_, host);
          },
          table_->destroy),
      info_(table_->info(instances_.first())) {
  check_info(*component.component, info_);
  if (info_->threading == DK_ONE_AT_A_TIME) instances_.set_one_at_a_time();
}

Model::~Model() = default;

ParameterLayout Model::layout() const {
  return {component().id, {info_->blocks, info_->blocks + info_->block_count}, info_->p};
}

const void* Model::extension_table(const char* id) const {
  return table_->extension(instances_.first(), id);
}

std::vector<double> initial_parameters(const Model& model, const dk_host& host, dk_stream& stream) {
  const auto* initial = model.extension<dk_initial_v1>(DK_INITIAL_V1);
  if (initial == nullptr) return zero_parameters(model.layout());
  std::vector<double> theta(static_cast<std::size_t>(model.info().p));
  const Model::Lease instance(model);
  call(initial->parameters, static_cast<const dk_model*>(instance), &host, &stream, theta.data());
  return theta;
}

}  // namespace dynkit
