// The neural ODE as a component.
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "dynkit/component.hpp"
#include "dynkit/initial.h"
#include "dynkit/mlp_initial.hpp"
#include "dynkit/network_model.hpp"
#include "dynkit/parameter_blocks.hpp"
#include "node.hpp"

namespace dynkit::node {
namespace {

constexpr const char* kTimes[] = {"flow", "map", nullptr};

// A finite number for each output of f; left empty: `initial`.
std::vector<double> for_each_output(const Settings& settings, const char* name, double initial) {
  const auto k = static_cast<std::size_t>(settings.integer("n"));
  const auto given = settings.numbers(name);
  if (given.empty()) return std::vector<double>(k, initial);
  const std::string setting = "setting '" + std::string(name) + "': ";
  if (given.size() != k) {
    throw Error(DK_SETTINGS, setting + std::to_string(given.size()) + " numbers are given, n is " +
                                 std::to_string(k));
  }
  for (const double number : given) {
    if (std::isfinite(number)) continue;
    throw Error(DK_SETTINGS, setting + std::to_string(number) + " is not a finite number");
  }
  return {given.begin(), given.end()};
}

Structure structure_of(const Settings& settings) {
  Structure structure{};
  structure.second_order = settings.boolean("second_order");
  structure.k = settings.integer("n");
  structure.m = settings.integer("m");
  structure.hidden = unit_counts(settings, "hidden");
  structure.activation = activation_of(settings.text("activation"));
  structure.leak = settings.boolean("leak");
  structure.sees_time = settings.boolean("sees_time");
  structure.map = settings.text("time") == "map";
  structure.step = positive_number(settings, "step");
  if (!structure.map && structure.step != 1.0) {
    throw Error(DK_SETTINGS, "setting 'step' is for time = \"map\" only");
  }
  structure.center = for_each_output(settings, "center", 0.0);
  structure.scale = for_each_output(settings, "scale", 1.0);
  for (const double scale : structure.scale) {
    if (scale > 0.0) continue;
    throw Error(DK_SETTINGS, "setting 'scale': " + std::to_string(scale) + " is not > 0");
  }
  return structure;
}

class Node : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "3", 1, 16384, "outputs of f: states, or positions if second_order",
                      DK_CHANGES_SIZES),
      integer_setting("m", "0", 0, 16384, "number of inputs", DK_CHANGES_SIZES),
      numbers_setting("hidden", "[128]", 1, 16384, "widths of the hidden layers of f",
                      DK_CHANGES_SIZES),
      text_setting("activation", "tanh", kActivations, "of the hidden layers"),
      text_setting("time", "flow", kTimes, "dx/dt = f, or the map x' = x + step f"),
      number_setting("step", "1", 0, kUnbounded, "of a map: h in x + h f, > 0"),
      boolean_setting("leak", "false", "f - x in place of f"),
      boolean_setting("second_order", "false", "x = (q, v) with dq/dt = v, dv/dt = f(q) - gamma v",
                      DK_CHANGES_SIZES),
      numbers_setting("center", "[]", -kUnbounded, kUnbounded,
                      "n numbers: f sees (x - center) / scale; empty: 0"),
      numbers_setting("scale", "[]", 0, kUnbounded,
                      "n numbers > 0, of the data's size: they multiply f as well; empty: 1"),
      boolean_setting("sees_time", "false", "t is the last input of f", DK_CHANGES_SIZES),
  };

  Node(const dk_host&, const Settings& settings) : NetworkModel(structure_of(settings)) {
    const Structure structure = structure_of(settings);
    blocks_.add(kernel().field(), "", "f");
    if (structure.second_order) blocks_.add("gamma", {}, "damping of velocities", {}, 0.0);
    info_.time_kind = structure.map ? DK_MAP : DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    if (structure.sees_time) info_.flags |= DK_USES_TIME;
    if (structure.activation == Activation::relu) info_.flags |= DK_NOT_SMOOTH;
    info_.n = kernel().n();
    info_.m = structure.m;
    info_.p = kernel().parameters();
    info_.step = structure.map ? structure.step : std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

  const dk_model_info& info() const { return info_; }
  const void* extension(std::string_view id) const;

 private:
  ParameterBlocks blocks_;
  dk_model_info info_{};
};

const Node& node_of(const dk_model* model) {
  return *reinterpret_cast<const Node*>(model);
}

// Parameters as PyTorch draws those of a Linear: uniform within 1 / sqrt(inputs). gamma is
// sigmoid(-3), where Xia et al. begin.
constexpr dk_initial_v1 kInitial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta, dk_error*) {
      const Node& node = node_of(model);
      draw_linear_layers(node.kernel().field(), *host, *stream, theta);
      if (node.info().p > node.kernel().field().parameters()) {
        theta[node.kernel().field().parameters()] = 0.04742587317756678;
      }
      return dk_status{DK_OK};
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      const Node& node = node_of(model);
      host->normal(host, stream, node.info().n, x);
      node.kernel().unstandardize(x);
      return dk_status{DK_OK};
    },
};

const void* Node::extension(std::string_view id) const {
  if (id == DK_INITIAL_V1) return &kInitial;
  if (id == DK_F32_V1) return &f32_table<Node>;
  return nullptr;
}

}  // namespace
}  // namespace dynkit::node

DYNKIT_PLUGIN(dynkit::model_component<dynkit::node::Node>({
    .id = "org.dynkit.node",
    .version = "1.0.0",
    .summary = "neural ODE: dx/dt = f(x, u, t) with a multilayer perceptron f, or the residual map "
               "x' = x + h f, or q'' = f(q) - gamma q'; weights of PyTorch's nn.Sequential",
    .citation = "Chen et al., Neural ordinary differential equations, NeurIPS 2018",
}))
