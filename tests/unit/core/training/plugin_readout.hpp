// A readout of the build's plugins with the parameters that it draws itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/core/random.hpp"
#include "dynkit/core/readout.hpp"
#include "support/plugin_system.hpp"

namespace dynkit::training {

class PluginReadout {
 public:
  PluginReadout(const std::string& component, const Config::Table& settings)
      : readout_(testing::plugins_in(DYNKIT_PLUGINS).find(component, DK_READOUT_V1), settings,
                 files_, host_.table()) {
    dk_stream stream = make_stream(11, "readout");
    theta_ = initial_parameters(readout_, host_.table(), stream);
  }

  const Readout& readout() const { return readout_; }
  const std::vector<double>& theta() const { return theta_; }

 private:
  testing::ListsOnly files_;
  Services services_;
  HostTable host_{services_, "."};
  Readout readout_;
  std::vector<double> theta_;
};

}  // namespace dynkit::training
