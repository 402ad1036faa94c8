// The recurrent network of rate units as a component.
#include <algorithm>
#include <limits>
#include <string_view>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/network_model.hpp"
#include "dynkit/recurrent_component.hpp"
#include "rnn.hpp"

namespace dynkit::rnn {
namespace {

constexpr const char* kTimes[] = {"map", "flow", nullptr};

Combination combination_of(const Settings& settings) {
  const bool flow = settings.text("time") == "flow";
  const double alpha = positive_number(settings, "alpha");
  const double tau = positive_number(settings, "tau");
  if (flow && alpha != 1.0) {
    throw Error(DK_SETTINGS, "setting 'alpha' is for time = \"map\" only");
  }
  if (!flow && tau != 1.0) throw Error(DK_SETTINGS, "setting 'tau' is for time = \"flow\" only");
  return flow ? Combination{-1.0 / tau, 1.0 / tau} : Combination{1.0 - alpha, alpha};
}

class Rnn : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {
      units_setting(),
      inputs_setting(),
      text_setting("time", "map", kTimes, "discrete steps, or a differential equation"),
      text_setting("activation", "tanh", kActivations, "phi, from summed input to rate"),
      number_setting("alpha", "1", 0, 1, "of a map: share of the new value in a step, > 0"),
      number_setting("tau", "1", 0, kUnbounded, "of a flow: time constant, > 0"),
  };

  Rnn(const dk_host&, const Settings& settings)
      : NetworkModel(settings.integer("n"), settings.integer("m"),
                     activation_of(settings.text("activation")), combination_of(settings)) {
    const std::int64_t n = kernel().n();
    add_recurrent_blocks(blocks_, n, n, kernel().m(), "");
    info_.time_kind = settings.text("time") == "flow" ? DK_FLOW : DK_MAP;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    if (kernel().activation() == Activation::relu) info_.flags |= DK_NOT_SMOOTH;
    info_.n = n;
    info_.m = kernel().m();
    info_.p = blocks_.size();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

  const dk_model_info& info() const { return info_; }
  std::int64_t units() const { return info_.n; }

  // phi(a) - x and its derivative, each wanted unless NULL.
  void balance(const dk_points& points, const dk_output* r, const dk_matrices* dr_dx) const {
    for_each_record<double>(
        points, 1,
        [&](const dk_points& part, const double* record, double* work, std::int64_t begin) {
          if (r != nullptr && r->data != nullptr) {
            kernel().combine<double>(part, record, kResidual, from_sample(*r, begin));
          }
          if (dr_dx != nullptr) {
            kernel().state_jacobian<double>(part, record, kResidual, work,
                                            from_sample(*dr_dx, begin));
          }
        });
  }

  const void* extension(std::string_view id) const;

 private:
  ParameterBlocks blocks_;
  dk_model_info info_{};
};

const Rnn& rnn_of(const dk_model* model) {
  return *reinterpret_cast<const Rnn*>(model);
}

// (2) is a mean of x and phi, (3) points from x towards phi: the range of phi traps both.
constexpr dk_domain_v1 kDomain = {
    [](const dk_model* model, const double*, double* lower, double* upper, dk_error*) {
      const Kernel& kernel = rnn_of(model).kernel();
      std::fill_n(lower, kernel.n(), kernel.activation() == Activation::tanh ? -1.0 : 0.0);
      std::fill_n(upper, kernel.n(), 1.0);
      return dk_status{DK_OK};
    },
};

const void* Rnn::extension(std::string_view id) const {
  const bool bounded =
      kernel().activation() == Activation::tanh || kernel().activation() == Activation::sigmoid;
  if (id == DK_BALANCE_V1) return &balance_table<Rnn>;
  if (id == DK_DOMAIN_V1 && bounded) return &kDomain;
  if (id == DK_INITIAL_V1) return &recurrent_initial<Rnn>;
  if (id == DK_F32_V1) return &f32_table<Rnn>;
  return nullptr;
}

}  // namespace
}  // namespace dynkit::rnn

DYNKIT_PLUGIN(dynkit::model_component<dynkit::rnn::Rnn>({
    .id = "org.dynkit.rnn",
    .version = "1.0.0",
    .summary = "recurrent network: x' = (1 - alpha) x + alpha phi(W_hh x + W_ih u + b), or "
               "tau dx/dt = -x + phi(W_hh x + W_ih u + b); PyTorch's weights",
    .citation = "Elman, Finding structure in time, Cognitive Science 14, 179 (1990)",
}))
