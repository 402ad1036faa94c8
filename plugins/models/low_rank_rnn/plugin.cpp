// The low-rank recurrent network as a component.
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/network_model.hpp"
#include "dynkit/parameter_blocks.hpp"
#include "initial.hpp"
#include "low_rank_rnn.hpp"

namespace dynkit::low_rank_rnn {
namespace {

constexpr const char* kForms[] = {"full", "reduced", nullptr};
constexpr const char* kTimes[] = {"flow", "map", nullptr};

Structure structure_of(const Settings& settings) {
  Structure structure{};
  structure.units = settings.integer("n");
  structure.rank = settings.integer("rank");
  structure.inputs = settings.integer("m");
  structure.activation = activation_of(settings.text("activation"));
  structure.bias = settings.boolean("bias");
  structure.reduced = settings.text("form") == "reduced";
  structure.map = settings.text("time") == "map";
  const double alpha = positive_number(settings, "alpha");
  const double tau = positive_number(settings, "tau");
  if (!structure.map && alpha != 1.0) {
    throw Error(DK_SETTINGS, "setting 'alpha' is for time = \"map\" only");
  }
  if (structure.map && tau != 1.0) {
    throw Error(DK_SETTINGS, "setting 'tau' is for time = \"flow\" only");
  }
  structure.rate = structure.map ? alpha : 1.0 / tau;
  return structure;
}

class LowRankRnn : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "64", 1, 65536, "number of units", DK_CHANGES_SIZES, "m[0] n[0]"),
      integer_setting("rank", "1", 1, 1024, "rank of the connectivity", DK_CHANGES_SIZES,
                      "m[1] n[1]"),
      integer_setting("m", "0", 0, 16384, "number of inputs", DK_CHANGES_SIZES, "wi[0]"),
      text_setting("form", "full", kForms, "the state is x, or (kappa, v)", DK_CHANGES_SIZES),
      text_setting("time", "flow", kTimes, "a differential equation, or discrete steps"),
      text_setting("activation", "tanh", kActivations, "phi, from summed input to rate"),
      boolean_setting("bias", "false", "phi(x + bias) in place of phi(x)", DK_CHANGES_SIZES),
      number_setting("alpha", "1", 0, 1, "of a map: share of the new value in a step, > 0"),
      number_setting("tau", "1", 0, kUnbounded, "of a flow: time constant, > 0"),
      number_setting("overlap", "0", -kUnbounded, kUnbounded,
                     "of drawn parameters: expectation of n_r^T m_r / N"),
  };

  LowRankRnn(const dk_host&, const Settings& settings)
      : NetworkModel(structure_of(settings)), overlap_(settings.number("overlap")) {
    const Structure structure = structure_of(settings);
    const std::int64_t N = structure.units;
    blocks_.add("m", {N, structure.rank}, "output side of the connectivity m n^T / N");
    blocks_.add("n", {N, structure.rank}, "input side of the connectivity");
    blocks_.add("wi", {structure.inputs, N}, "input weights");
    if (structure.bias) blocks_.add("bias", {N}, "added to x within phi", {"b"});
    if (structure.reduced) name_states();
    const Activation phi = structure.activation;
    bounded_ = structure.inputs == 0 &&
               (phi == Activation::tanh || phi == Activation::sigmoid || phi == Activation::sin);
    phi_lower_ = phi == Activation::sigmoid ? 0.0 : -1.0;
    info_.time_kind = structure.map ? DK_MAP : DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    if (phi == Activation::relu) info_.flags |= DK_NOT_SMOOTH;
    info_.n = kernel().states();
    info_.m = structure.inputs;
    info_.p = blocks_.size();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

  const dk_model_info& info() const { return info_; }
  const void* extension(std::string_view id) const;

  double overlap() const { return overlap_; }
  double phi_lower() const { return phi_lower_; }

 private:
  void name_states() {
    const Factors& factors = kernel().factors();
    for (std::int64_t i = 0; i < factors.width(); ++i) {
      names_.push_back(i < factors.rank() ? "kappa" + std::to_string(i)
                                          : "v" + std::to_string(i - factors.rank()));
    }
    for (const std::string& name : names_) name_list_.push_back(name.c_str());
    info_.state_names = name_list_.data();
  }

  double overlap_;
  ParameterBlocks blocks_;
  std::vector<std::string> names_;
  std::vector<const char*> name_list_;
  dk_model_info info_{};
  bool bounded_;
  double phi_lower_;
};

const LowRankRnn& network_of(const dk_model* model) {
  return *reinterpret_cast<const LowRankRnn*>(model);
}

constexpr dk_domain_v1 kDomain = {
    [](const dk_model* model, const double* theta, double* lower, double* upper, dk_error* error) {
      return guard(error, [&] {
        const LowRankRnn& network = network_of(model);
        trapping_box(network.kernel(), theta, network.phi_lower(), 1.0, lower, upper);
      });
    },
};

constexpr dk_initial_v1 kInitial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta,
       dk_error* error) {
      return guard(error, [&] {
        const LowRankRnn& network = network_of(model);
        draw_parameters(network.kernel(), network.overlap(), *host, *stream, theta);
      });
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double* theta,
       double* x, dk_error* error) {
      return guard(error,
                   [&] { draw_state(network_of(model).kernel(), *host, *stream, theta, x); });
    },
};

const void* LowRankRnn::extension(std::string_view id) const {
  if (id == DK_BALANCE_V1) return &balance_table<LowRankRnn>;
  if (id == DK_DOMAIN_V1 && bounded_) return &kDomain;
  if (id == DK_INITIAL_V1) return &kInitial;
  if (id == DK_F32_V1) return &f32_table<LowRankRnn>;
  return nullptr;
}

}  // namespace
}  // namespace dynkit::low_rank_rnn

DYNKIT_PLUGIN(dynkit::model_component<dynkit::low_rank_rnn::LowRankRnn>({
    .id = "org.dynkit.low_rank_rnn",
    .version = "1.0.0",
    .summary = "low-rank network: tau dx/dt = -x + m n^T phi(x + bias) / N + wi^T u, or as a map; "
               "or reduced to x = m kappa + wi^T v, which is exact",
    .citation = "Mastrogiuseppe and Ostojic, Linking connectivity, dynamics, and computations in "
                "low-rank recurrent neural networks, Neuron 99, 609 (2018)",
}))
