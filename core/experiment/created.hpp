#pragma once

#include "dynkit/core/registry.hpp"
#include "dynkit/error.hpp"
#include "dynkit/host.h"
#include "dynkit/settings.h"

namespace dynkit {

/// An instance of a dataset or an analysis, destroyed at the end of its scope.
template <class Table, class Instance>
class Created {
 public:
  Created(const LoadedComponent& component, const dk_values& values, const dk_host& host)
      : table_(static_cast<const Table*>(component.component->interface_table)) {
    call(table_->create, &host, &values, &instance_);
  }
  ~Created() { table_->destroy(instance_); }
  Created(const Created&) = delete;
  Created& operator=(const Created&) = delete;

  const Table* operator->() const { return table_; }
  const Instance* get() const { return instance_; }

 private:
  const Table* table_;
  Instance* instance_ = nullptr;
};

}  // namespace dynkit
