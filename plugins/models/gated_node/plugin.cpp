// The gated neural ODE as a component.
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/network_model.hpp"
#include "dynkit/parameter_blocks.hpp"
#include "gated_node.hpp"
#include "initial.hpp"

namespace dynkit::gated_node {
namespace {

constexpr const char* kTimes[] = {"map", "flow", nullptr};
constexpr const char* kInitializations[] = {"glorot", "critical", nullptr};

Structure structure_of(const Settings& settings) {
  Structure structure{};
  structure.n = settings.integer("n");
  structure.m = settings.integer("m");
  structure.hidden = unit_counts(settings, "hidden");
  structure.gate_hidden = unit_counts(settings, "gate_hidden");
  structure.activation = activation_of(settings.text("activation"));
  structure.last = activation_of(settings.text("output"));
  structure.gated = settings.boolean("gated");
  structure.leak = settings.boolean("leak");
  structure.map = settings.text("time") == "map";
  const double alpha = positive_number(settings, "alpha");
  const double tau = positive_number(settings, "tau");
  if (!structure.map && alpha != 1.0) {
    throw Error(DK_SETTINGS, "setting 'alpha' is for time = \"map\" only");
  }
  if (structure.map && tau != 1.0) {
    throw Error(DK_SETTINGS, "setting 'tau' is for time = \"flow\" only");
  }
  if (!structure.gated && !structure.gate_hidden.empty()) {
    throw Error(DK_SETTINGS, "setting 'gate_hidden' is for gated = true only");
  }
  structure.rate = structure.map ? alpha : 1.0 / tau;
  return structure;
}

class GatedNode : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "6", 1, 16384, "number of states", DK_CHANGES_SIZES),
      integer_setting("m", "0", 0, 16384, "number of inputs", DK_CHANGES_SIZES),
      numbers_setting("hidden", "[100, 100]", 1, 16384, "widths of the hidden layers of F",
                      DK_CHANGES_SIZES),
      text_setting("activation", "relu", kActivations, "of the hidden layers of F and G"),
      text_setting("output", "identity", kActivations, "activation of the last layer of F"),
      boolean_setting("gated", "true", "G is learned, not 1", DK_CHANGES_SIZES),
      numbers_setting("gate_hidden", "[]", 1, 16384, "widths of the hidden layers of G",
                      DK_CHANGES_SIZES),
      boolean_setting("leak", "true", "G * (F - x), not G * F"),
      text_setting("time", "map", kTimes, "discrete steps, or a differential equation"),
      number_setting("alpha", "1", 0, kUnbounded, "of a map: h / tau, > 0"),
      number_setting("tau", "1", 0, kUnbounded, "of a flow: time constant, > 0"),
      text_setting("initialization", "glorot", kInitializations, "how parameters are drawn"),
  };

  GatedNode(const dk_host&, const Settings& settings)
      : NetworkModel(structure_of(settings)),
        critical_(settings.text("initialization") == "critical") {
    const Structure structure = structure_of(settings);
    blocks_.add(kernel().field(), "field.", "F");
    if (kernel().gate()) blocks_.add(*kernel().gate(), "gate.", "G");
    bounded_ = structure.leak && (!structure.map || structure.rate <= 1.0) &&
               (structure.last == Activation::tanh || structure.last == Activation::sigmoid);
    lower_ = structure.last == Activation::tanh ? -1.0 : 0.0;
    info_.time_kind = structure.map ? DK_MAP : DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    if (structure.activation == Activation::relu || structure.last == Activation::relu) {
      info_.flags |= DK_NOT_SMOOTH;
    }
    info_.n = structure.n;
    info_.m = structure.m;
    info_.p = kernel().parameters();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

  const dk_model_info& info() const { return info_; }
  const void* extension(std::string_view id) const;

  bool critical() const { return critical_; }
  double lower() const { return lower_; }

 private:
  ParameterBlocks blocks_;
  dk_model_info info_{};
  bool critical_;
  bool bounded_;
  double lower_;
};

const GatedNode& node_of(const dk_model* model) {
  return *reinterpret_cast<const GatedNode*>(model);
}

// A step is a mean of x and F, a flow points from x towards F: the range of F traps both.
constexpr dk_domain_v1 kDomain = {
    [](const dk_model* model, const double*, double* lower, double* upper, dk_error*) {
      std::fill_n(lower, node_of(model).info().n, node_of(model).lower());
      std::fill_n(upper, node_of(model).info().n, 1.0);
      return dk_status{DK_OK};
    },
};

constexpr dk_initial_v1 kInitial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta,
       dk_error* error) {
      return guard(error, [&] {
        const GatedNode& node = node_of(model);
        (node.critical() ? draw_critical : draw_glorot)(node.kernel(), *host, *stream, theta);
      });
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      const std::int64_t n = node_of(model).info().n;
      host->normal(host, stream, n, x);
      for (std::int64_t i = 0; i < n; ++i) x[i] *= 0.1;
      return dk_status{DK_OK};
    },
};

const void* GatedNode::extension(std::string_view id) const {
  if (id == DK_BALANCE_V1) return &balance_table<GatedNode>;
  if (id == DK_DOMAIN_V1 && bounded_) return &kDomain;
  if (id == DK_INITIAL_V1) return &kInitial;
  if (id == DK_F32_V1) return &f32_table<GatedNode>;
  return nullptr;
}

}  // namespace
}  // namespace dynkit::gated_node

DYNKIT_PLUGIN(dynkit::model_component<dynkit::gated_node::GatedNode>({
    .id = "org.dynkit.gated_node",
    .version = "1.0.0",
    .summary = "gated neural ODE: tau dx/dt = G(x, u) * (F(x, u) - x), or the map "
               "x' = x + alpha G * (F - x); F and G multilayer perceptrons, G ending in a sigmoid",
    .citation = "Kim, Can and Krishnamurthy, Trainability, expressivity and interpretability in "
                "gated neural ODEs, ICML 2023",
}))
