#include "dynkit/core/model.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <string_view>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

[[noreturn]] void disown(const dk_component& component, const std::string& flaw) {
  throw Error(DK_UNSUPPORTED, fmt::format("{}: {}", component.id, flaw));
}

std::int64_t block_size(const dk_block& block) {
  std::int64_t size = 1;
  for (std::int32_t axis = 0; axis < block.rank; ++axis) size *= block.shape[axis];
  return size;
}

void check_block(const dk_component& component, const dk_block& block, std::int64_t offset) {
  if (block.name == nullptr || *block.name == '\0') disown(component, "a block has no name");
  if (block.rank < 0 || block.rank > DK_BLOCK_RANK) {
    disown(component, fmt::format("block '{}': rank {} is not in [0, {}]", block.name, block.rank,
                                  int{DK_BLOCK_RANK}));
  }
  for (std::int32_t axis = 0; axis < block.rank; ++axis) {
    if (block.shape[axis] < 0) {
      disown(component, fmt::format("block '{}': extent {} < 0", block.name, block.shape[axis]));
    }
  }
  if (block.offset != offset) {
    disown(component,
           fmt::format("block '{}' begins at {} instead of {}: the blocks leave a gap or "
                       "overlap",
                       block.name, block.offset, offset));
  }
  if (!(block.lower <= block.upper)) {
    disown(component, fmt::format("block '{}': lower bound above upper bound", block.name));
  }
}

void check_info(const dk_component& component, const dk_model_info* info) {
  if (info == nullptr) disown(component, "it gives no information on itself");
  if (info->time_kind != DK_MAP && info->time_kind != DK_FLOW) {
    disown(component, fmt::format("time kind {} is neither map nor flow", info->time_kind));
  }
  if (info->n <= 0 || info->m < 0 || info->p < 0) {
    disown(component,
           fmt::format("sizes n = {}, m = {}, p = {} are not usable", info->n, info->m, info->p));
  }
  if (info->block_count < 0 || (info->block_count > 0 && info->blocks == nullptr)) {
    disown(component, "its parameter blocks are missing");
  }
  std::int64_t offset = 0;
  std::set<std::string_view> names;
  for (std::int64_t i = 0; i < info->block_count; ++i) {
    check_block(component, info->blocks[i], offset);
    offset += block_size(info->blocks[i]);
    if (!names.insert(info->blocks[i].name).second) {
      disown(component, fmt::format("two blocks '{}'", info->blocks[i].name));
    }
  }
  if (offset != info->p) {
    disown(component,
           fmt::format("its blocks hold {} parameters, it declares {}", offset, info->p));
  }
}

}  // namespace

Model::Model(const LoadedComponent& component, const Config::Table& settings, SettingSource& source,
             const dk_host& host)
    : component_(component),
      settings_(resolve_settings(*component.component, settings, source)),
      host_(&host),
      table_(static_cast<const dk_model_v1*>(component.component->interface_table)) {
  if (table_->create == nullptr || table_->destroy == nullptr || table_->info == nullptr ||
      table_->eval == nullptr || table_->extension == nullptr) {
    disown(*component.component, "a required function of its table is missing");
  }
  first_ = create_instance();
  info_ = table_->info(first_);
  try {
    check_info(*component.component, info_);
  } catch (...) {
    table_->destroy(first_);
    throw;
  }
  reentrant_ = info_->threading != DK_ONE_AT_A_TIME;
  idle_.push_back(first_);
}

Model::~Model() {
  for (dk_model* instance : all_) table_->destroy(instance);
}

std::vector<dk_block> Model::blocks() const {
  return {info_->blocks, info_->blocks + info_->block_count};
}

dk_model* Model::create_instance() const {
  dk_model* instance = nullptr;
  dk_error error{};
  const dk_values values = settings_.values();
  dk_status status = DK_OK;
  try {
    status = table_->create(host_, &values, &instance, &error);
  } catch (const std::exception& e) {  // of an author without the SDK's guard
    disown(component(), fmt::format("create throws: {}", e.what()));
  }
  if (status != DK_OK) {
    throw Error(status, fmt::format("{}: {}", component().id, printable(error.message)));
  }
  if (instance == nullptr) disown(component(), "create gave no instance");
  all_.push_back(instance);
  return instance;
}

const void* Model::extension_table(const char* id) const {
  return table_->extension(first_, id);
}

dk_model* Model::acquire() const {
  if (reentrant_) return first_;
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return create_instance();
  dk_model* instance = idle_.back();
  idle_.pop_back();
  return instance;
}

void Model::release(dk_model* instance) const {
  if (reentrant_) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(instance);
}

}  // namespace dynkit
