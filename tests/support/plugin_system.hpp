// Models of the build's plugins as the host holds them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dynkit/core/random.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/model.h"
#include "support/no_files.hpp"

namespace dynkit::testing {

/// The plugins in one folder, loaded as they are asked for.
inline Registry& plugins_in(const std::string& folder) {
  static Registry registry({folder}, "");
  return registry;
}

/// Takes lists of numbers as the experiment file would, and nothing else.
class ListsOnly : public NoFiles {
 public:
  Array array(const Config& value) override {
    std::vector<double> numbers;
    for (const Config& item : value.list()) {
      const auto* integer = std::get_if<std::int64_t>(&item.value);
      numbers.push_back(integer != nullptr ? static_cast<double>(*integer)
                                           : std::get<double>(item.value));
    }
    const auto count = static_cast<std::int64_t>(numbers.size());
    return {{count}, std::move(numbers), {}, {}, {}};
  }
};

/// A model with the parameters that it draws itself, scaled.
class PluginSystem {
 public:
  PluginSystem(const std::string& folder, const std::string& component,
               const Config::Table& settings, double scale = 1.0)
      : model_(std::make_shared<Model>(plugins_in(folder).find(component, DK_MODEL_V1), settings,
                                       files_, host_.table())),
        system_(model_, drawn_parameters(scale), host_.table()) {}

  const Model& model() const { return *model_; }
  const dk_model_info& info() const { return model_->info(); }
  const System& system() const { return system_; }
  const std::vector<double>& theta() const { return system_.theta(); }
  const dk_host& host() const { return host_.table(); }

 private:
  std::vector<double> drawn_parameters(double scale) const {
    dk_stream stream = make_stream(5, "parameters");
    std::vector<double> theta = initial_parameters(*model_, host_.table(), stream);
    for (double& value : theta) value *= scale;
    return theta;
  }

  ListsOnly files_;
  Services services_;
  HostTable host_{services_, "."};
  std::shared_ptr<const Model> model_;
  System system_;
};

}  // namespace dynkit::testing
