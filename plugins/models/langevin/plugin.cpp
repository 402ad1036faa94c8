// Underdamped motion in a potential as a component.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/initial.h"
#include "dynkit/network_model.hpp"
#include "dynkit/noise.h"
#include "dynkit/parameter_blocks.hpp"
#include "dynkit/second_order.h"
#include "langevin.hpp"

namespace dynkit::langevin {
namespace {

constexpr const char* kTimes[] = {"flow", "map", nullptr};
constexpr const char* kPotentials[] = {"mlp", "quadratic", "oscillators", "double_well", nullptr};
constexpr const char* kSmooth[] = {"tanh", "sigmoid", "softplus", "gelu", "sin", nullptr};
// Defaults.
constexpr double kStep = 0.01;
constexpr std::array kHidden = {32.0, 32.0};
constexpr std::string_view kActivation = "tanh";
constexpr std::int64_t kGroups = 4;

Structure structure_of(const Settings& settings) {
  Structure structure{};
  structure.k = settings.integer("k");
  structure.m = settings.integer("m");
  structure.map = settings.text("time") == "map";
  structure.step = positive_number(settings, "step");
  if (!structure.map && structure.step != kStep) {
    throw Error(DK_SETTINGS, "setting 'step' is for time = \"map\" only");
  }
  return structure;
}

// What another potential was to be like must not be lost without a word. A value that is the
// default is as good as none.
void check_potential(const Settings& settings) {
  const std::string_view chosen = settings.text("potential");
  const auto check = [&](const char* name, std::string_view owner, bool is_default) {
    if (is_default || chosen == owner) return;
    throw Error(DK_SETTINGS, "setting '" + std::string(name) + "' is for potential = \"" +
                                 std::string(owner) + "\" only, not for \"" + std::string(chosen) +
                                 "\"");
  };
  const auto hidden = settings.numbers("hidden");
  check("hidden", "mlp", std::equal(hidden.begin(), hidden.end(), kHidden.begin(), kHidden.end()));
  check("activation", "mlp", settings.text("activation") == kActivation);
  check("groups", "oscillators", settings.integer("groups") == kGroups);
}

Potential potential_of(const Settings& settings) {
  check_potential(settings);
  const std::int64_t k = settings.integer("k");
  const std::string_view name = settings.text("potential");
  if (name == "quadratic") return Quadratic(k);
  if (name == "double_well") return DoubleWell(k);
  if (name == "oscillators") {
    const std::int64_t groups = settings.integer("groups");
    if (k % groups != 0) {
      throw Error(DK_SETTINGS, "setting 'groups': " + std::to_string(groups) +
                                   " does not divide k = " + std::to_string(k) +
                                   ", which the potential 'oscillators' needs");
    }
    return Oscillators(k, groups);
  }
  return MlpPotential(k, unit_counts(settings, "hidden"),
                      activation_of(settings.text("activation")));
}

class Langevin : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("k", "2", 1, 16384, "number of positions; the state is (z, v), 2k numbers",
                      DK_CHANGES_SIZES),
      integer_setting("m", "0", 0, 16384, "number of inputs, forces B u", DK_CHANGES_SIZES),
      text_setting("potential", "mlp", kPotentials, "U(z)", DK_CHANGES_SIZES),
      numbers_setting("hidden", "[32, 32]", 1, 16384, "of mlp: widths of the hidden layers",
                      DK_CHANGES_SIZES),
      text_setting("activation", "tanh", kSmooth, "of mlp: of the hidden layers"),
      integer_setting("groups", "4", 1, 16384, "of oscillators: groups of k/groups positions"),
      text_setting("time", "flow", kTimes, "a differential equation, or discrete steps"),
      number_setting("step", "0.01", 0, kUnbounded, "of a map: D in z' = z + D v, > 0"),
  };

  Langevin(const dk_host&, const Settings& settings)
      : NetworkModel(structure_of(settings), potential_of(settings)) {
    const Structure structure = structure_of(settings);
    const bool map = structure.map;
    std::visit([this](const auto& U) { U.add_blocks(blocks_); }, kernel().potential());
    if (structure.m > 0) {
      blocks_.add("input_weights", {structure.k, structure.m}, "force of the inputs, B");
    }
    blocks_.add("friction", {1},
                map ? "gamma: share of the velocity that a step takes" : "gamma of gamma v", {},
                0.0, map ? 1.0 : kUnbounded);
    blocks_.add("temperature", {1}, "T of the noise", {}, 0.0);
    for (const char* letter : {"z", "v"}) {
      for (std::int64_t i = 0; i < structure.k; ++i) names_.push_back(letter + std::to_string(i));
    }
    for (const std::string& name : names_) state_names_.push_back(name.c_str());
    info_.time_kind = map ? DK_MAP : DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = kernel().n();
    info_.m = structure.m;
    info_.p = kernel().parameters();
    info_.step = map ? structure.step : std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
    info_.state_names = state_names_.data();
    noise_ = {DK_DIAGONAL, DK_ITO, info_.n};
    second_order_ = {structure.k, nullptr, nullptr};
  }

  const dk_model_info& info() const { return info_; }
  const dk_noise_info& noise() const { return noise_; }
  const dk_second_order_info& second_order() const { return second_order_; }
  const void* extension(std::string_view id) const;

  double friction(const dk_points& points, std::int64_t s) const {
    return points.theta.data[s * points.theta.stride + kernel().friction()];
  }
  double temperature(const dk_points& points, std::int64_t s) const {
    return points.theta.data[s * points.theta.stride + kernel().temperature()];
  }

  // F [S,k]
  void force(const dk_points& points, const dk_output& F) const {
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      double* record = scratch_of<double>(part);
      kernel().activate(part, record);
      for (std::int64_t s = 0; s < part.count; ++s) {
        std::copy_n(record + s * kernel().record_size() + kernel().force(), second_order_.k,
                    F.data + (begin + s) * F.stride);
      }
    });
  }

 private:
  ParameterBlocks blocks_;
  std::vector<std::string> names_;
  std::vector<const char*> state_names_;
  dk_model_info info_{};
  dk_noise_info noise_{};
  dk_second_order_info second_order_{};
};

const Langevin& model_of(const dk_model* model) {
  return *reinterpret_cast<const Langevin*>(model);
}

// The potential's own, B as PyTorch draws a Linear, and the temperature of Song et al.; their
// friction too for the map.
constexpr dk_initial_v1 kInitial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta,
       dk_error* error) {
      return guard(error, [&] {
        const Kernel& kernel = model_of(model).kernel();
        const dk_model_info& info = model_of(model).info();
        std::visit([&](const auto& U) { U.draw(*host, *stream, theta); }, kernel.potential());
        const std::int64_t count = kernel.friction() - kernel.input_weights();
        double* B = theta + kernel.input_weights();
        host->uniform(host, stream, count, B);
        for (std::int64_t i = 0; i < count; ++i) {
          B[i] = (2.0 * B[i] - 1.0) / std::sqrt(static_cast<double>(info.m));
        }
        theta[kernel.friction()] = info.time_kind == DK_MAP ? 0.55 : 1.0;
        theta[kernel.temperature()] = 1.0;
      });
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      host->normal(host, stream, model_of(model).info().n, x);
      return dk_status{DK_OK};
    },
};

constexpr dk_noise_v1 kNoise = {
    [](const dk_model* model) { return &model_of(model).noise(); },
    [](const dk_model* model, const dk_points* points, const dk_output* G, dk_error*) {
      const Langevin& self = model_of(model);
      const std::int64_t k = self.second_order().k;
      for (std::int64_t s = 0; s < points->count; ++s) {
        const double amplitude =
            std::sqrt(2.0 * self.friction(*points, s) * self.temperature(*points, s));
        std::fill_n(G->data + s * G->stride, k, 0.0);
        std::fill_n(G->data + s * G->stride + k, k, amplitude);
      }
      return dk_status{DK_OK};
    },
};

constexpr dk_second_order_v1 kSecondOrder = {
    [](const dk_model* model) { return &model_of(model).second_order(); },
    [](const dk_model* model, const dk_points* points, const dk_output* F, dk_error* error) {
      return guard(error, [&] { model_of(model).force(*points, *F); });
    },
    [](const dk_model* model, const dk_points* points, const dk_output* gamma, const dk_output* T,
       const dk_output* m, dk_error*) {
      const Langevin& self = model_of(model);
      const auto fill = [&](const dk_output& to, std::int64_t s, double value) {
        if (to.data != nullptr) std::fill_n(to.data + s * to.stride, self.second_order().k, value);
      };
      for (std::int64_t s = 0; s < points->count; ++s) {
        fill(*gamma, s, self.friction(*points, s));
        fill(*T, s, self.temperature(*points, s));
        fill(*m, s, 1.0);
      }
      return dk_status{DK_OK};
    },
};

const void* Langevin::extension(std::string_view id) const {
  if (id == DK_INITIAL_V1) return &kInitial;
  if (id == DK_NOISE_V1) return &kNoise;
  if (id == DK_SECOND_ORDER_V1 && info_.time_kind == DK_FLOW) return &kSecondOrder;
  if (id == DK_F32_V1) return &f32_table<Langevin>;
  return nullptr;
}

}  // namespace
}  // namespace dynkit::langevin

DYNKIT_PLUGIN(dynkit::model_component<dynkit::langevin::Langevin>({
    .id = "org.dynkit.langevin",
    .version = "1.0.0",
    .summary = "underdamped Langevin dynamics: dz = v dt, dv = (-grad U(z) - gamma v) dt + "
               "sqrt(2 gamma T) dW, with a learned, quadratic, oscillator or double-well U",
    .citation = "Song, Keller, Yue, Perona and Welling, LangevinFlow, CCN 2025",
}))
