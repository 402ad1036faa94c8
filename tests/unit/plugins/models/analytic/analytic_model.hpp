// The components of the plugin by id.
#pragma once

#include <stdexcept>
#include <string>

#include "dynkit/plugin.h"
#include "support/model_under_test.hpp"

namespace dynkit::testing {

inline const dk_component& analytic_component(const std::string& name) {
  const dk_library* library = dynkit_plugin_v1();
  for (std::int64_t i = 0; i < library->component_count; ++i) {
    if (library->components[i].id == "org.dynkit." + name) return library->components[i];
  }
  throw std::out_of_range("no component org.dynkit." + name);
}

/// A model of the plugin: small where its size is a setting, so that n, m and S differ.
class AnalyticModel : public ModelUnderTest {
 public:
  explicit AnalyticModel(const std::string& name, std::int64_t n = 5, std::int64_t m = 2)
      : ModelUnderTest(analytic_component(name), {{"n", n}, {"m", m}}) {}

  /// f(t, x, u) with one set of parameters.
  Numbers at(const Numbers& x, const Numbers& theta, const Numbers& u = {}, double t = 0) const {
    return eval(Batch{1, {t}, x, u, theta});
  }
  /// [n,k]
  Numbers slopes(const Numbers& x, const Numbers& theta, std::int32_t wrt = DK_WRT_STATE) const {
    return jacobian(Batch{1, {0}, x, Numbers(static_cast<std::size_t>(m())), theta}, wrt);
  }
};

}  // namespace dynkit::testing
