// Instances of components that the host itself calls: models and readouts.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <string>

#include "dynkit/core/settings.hpp"
#include "dynkit/error.hpp"

namespace dynkit {

/// Throws Error (DK_UNSUPPORTED): a component that breaks the rules of its interface.
[[noreturn]] inline void disown(const dk_component& component, const std::string& flaw) {
  throw Error(DK_UNSUPPORTED, fmt::format("{}: {}", component.id, flaw));
}

/// Throws Error where `create` refuses, and for one that throws or gives nothing.
template <class Handle, class Create>
Handle* create_instance(const dk_component& component, Create create,
                        const ResolvedSettings& settings, const dk_host& host) {
  Handle* instance = nullptr;
  dk_error error{};
  const dk_values values = settings.values();
  dk_status status = DK_OK;
  try {
    status = create(&host, &values, &instance, &error);
  } catch (const std::exception& e) {  // of an author without the SDK's guard
    disown(component, fmt::format("create throws: {}", e.what()));
  }
  if (status != DK_OK) {
    throw Error(status, fmt::format("{}: {}", component.id, printable(error.message)));
  }
  if (instance == nullptr) disown(component, "create gave no instance");
  return instance;
}

}  // namespace dynkit
