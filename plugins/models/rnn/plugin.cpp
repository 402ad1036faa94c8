// The recurrent network as a component: settings, buffers and the work in parts of bounded size.
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/views.hpp"
#include "rnn.hpp"

namespace dynkit::rnn {
namespace {

// Rows a part has at most: its values stay in the second-level cache.
constexpr std::int64_t kPartRows = 128;

constexpr const char* kWeightIhAliases[] = {"weight_ih", nullptr};
constexpr const char* kWeightHhAliases[] = {"weight_hh", nullptr};
constexpr const char* kBiasIhAliases[] = {"bias_ih", nullptr};
constexpr const char* kBiasHhAliases[] = {"bias_hh", nullptr};

constexpr const char* kTimes[] = {"map", "flow", nullptr};

// In the order of Activation.
constexpr const char* kActivations[] = {"tanh", "relu", "sigmoid", "softplus", "identity", nullptr};

Activation activation_of(std::string_view name) {
  int index = 0;
  while (name != kActivations[index]) ++index;
  return static_cast<Activation>(index);
}

class Rnn {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "64", 1, 16384, "number of units", DK_CHANGES_SIZES,
                      "weight_hh_l0[1] weight_hh[1]"),
      integer_setting("m", "0", 0, 16384, "number of inputs", DK_CHANGES_SIZES,
                      "weight_ih_l0[1] weight_ih[1]"),
      text_setting("time", "map", kTimes, "discrete steps, or a differential equation"),
      text_setting("activation", "tanh", kActivations, "phi, from summed input to rate"),
      number_setting("alpha", "1", 0, 1, "of a map: share of the new value in a step, > 0"),
      number_setting("tau", "1", 0, kUnbounded, "of a flow: time constant, > 0"),
  };

  Rnn(const dk_host&, const Settings& settings)
      : network_{settings.integer("n"), settings.integer("m"),
                 activation_of(settings.text("activation"))} {
    const bool flow = settings.text("time") == "flow";
    const double alpha = positive(settings, "alpha");
    const double tau = positive(settings, "tau");
    if (flow && alpha != 1.0)
      throw Error(DK_SETTINGS, "setting 'alpha' is for time = \"map\" only");
    if (!flow && tau != 1.0) throw Error(DK_SETTINGS, "setting 'tau' is for time = \"flow\" only");
    combination_ = flow ? Combination{-1.0 / tau, 1.0 / tau} : Combination{1.0 - alpha, alpha};

    const std::int64_t n = network_.n;
    const std::int64_t m = network_.m;
    blocks_ = {
        dk_block{"weight_ih_l0",
                 kWeightIhAliases,
                 0,
                 2,
                 1,
                 {n, m},
                 -kUnbounded,
                 kUnbounded,
                 "input weights"},
        dk_block{"weight_hh_l0",
                 kWeightHhAliases,
                 n * m,
                 2,
                 1,
                 {n, n},
                 -kUnbounded,
                 kUnbounded,
                 "recurrent weights"},
        dk_block{"bias_ih_l0",
                 kBiasIhAliases,
                 n * (m + n),
                 1,
                 1,
                 {n},
                 -kUnbounded,
                 kUnbounded,
                 "biases"},
        dk_block{"bias_hh_l0",
                 kBiasHhAliases,
                 n * (m + n + 1),
                 1,
                 1,
                 {n},
                 -kUnbounded,
                 kUnbounded,
                 "biases too, as PyTorch has them twice"},
    };
    info_.time_kind = flow ? DK_FLOW : DK_MAP;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    if (network_.activation == Activation::relu) info_.flags |= DK_NOT_SMOOTH;
    info_.n = n;
    info_.m = m;
    info_.p = network_.parameters();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.size());
    info_.blocks = blocks_.data();
  }
  Rnn(const Rnn&) = delete;  // info_ points into blocks_
  Rnn& operator=(const Rnn&) = delete;

  const dk_model_info& info() const { return info_; }
  const Network& network() const { return network_; }

  // Values, slopes (unless on the tape) and the work of products.
  std::int64_t scratch_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    const bool directions = operation == DK_JVP || operation == DK_VJP;
    const std::int64_t rows = std::min(S, part_size(directions ? K : 1));
    return rows * (2 + (directions ? K : 0)) * row_bytes();
  }
  std::int64_t prepared_size() const { return network_.prepared() * std::int64_t{sizeof(double)}; }
  std::int64_t tape_size(std::int64_t S) const { return S * row_bytes(); }

  void prepare(const double* theta, void* prepared) const {
    rnn::prepare(network_, theta, static_cast<double*>(prepared));
  }

  void eval(const dk_points& points, const dk_output& out) const {
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      double* slopes = part.tape != nullptr ? tape_of(part, begin) : nullptr;
      activate(network_, part, values_of(part), slopes);
      combine(network_, part, combination_, values_of(part), from_sample(out, begin));
    });
  }

  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    const auto function = wrt == DK_WRT_STATE   ? state_jacobian
                          : wrt == DK_WRT_INPUT ? input_jacobian
                                                : parameter_jacobian;
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      function(network_, part, combination_, slopes_of(part, begin), from_sample(J, begin));
    });
  }

  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const {
    const std::int64_t size = part_size(tangents.count);
    for_each_part(points, size, [&](const dk_points& part, std::int64_t begin) {
      rnn::jvp(network_, part, combination_, slopes_of(part, begin), from_sample(tangents, begin),
               work_of(part), from_sample(out, begin));
    });
  }

  void vjp(const dk_points& points, const dk_cotangents& cotangents) const {
    const std::int64_t size = part_size(cotangents.count);
    for_each_part(points, size, [&](const dk_points& part, std::int64_t begin) {
      rnn::vjp(network_, part, combination_, slopes_of(part, begin), from_sample(cotangents, begin),
               work_of(part));
    });
  }

  // phi(a) - x and its derivative, each wanted unless NULL.
  void balance(const dk_points& points, const dk_output* r, const dk_matrices* dr_dx) const {
    constexpr Combination kResidual{-1.0, 1.0};
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      double* values = values_of(part);
      double* slopes = values + part.count * network_.n;
      activate(network_, part, values, dr_dx != nullptr ? slopes : nullptr);
      if (r != nullptr && r->data != nullptr) {
        combine(network_, part, kResidual, values, from_sample(*r, begin));
      }
      if (dr_dx != nullptr) {
        state_jacobian(network_, part, kResidual, slopes, from_sample(*dr_dx, begin));
      }
    });
  }

  const void* extension(std::string_view id) const;

 private:
  static double positive(const Settings& settings, std::string_view name) {
    const double value = settings.number(name);
    if (!(value > 0.0) || !std::isfinite(value)) {
      throw Error(DK_SETTINGS, "setting '" + std::string(name) + "': " + std::to_string(value) +
                                   " is not a finite number > 0");
    }
    return value;
  }

  std::int64_t row_bytes() const { return network_.n * std::int64_t{sizeof(double)}; }
  static std::int64_t part_size(std::int64_t K) {
    return std::max<std::int64_t>(1, kPartRows / std::max<std::int64_t>(1, K));
  }

  static double* values_of(const dk_points& part) { return static_cast<double*>(part.scratch); }
  double* work_of(const dk_points& part) const {
    return values_of(part) + 2 * part.count * network_.n;
  }
  double* tape_of(const dk_points& part, std::int64_t begin) const {
    return static_cast<double*>(part.tape) + begin * network_.n;
  }

  // What `eval` left on the tape, or the same again in scratch.
  const double* slopes_of(const dk_points& part, std::int64_t begin) const {
    if (part.tape != nullptr) return tape_of(part, begin);
    double* slopes = values_of(part) + part.count * network_.n;
    activate(network_, part, values_of(part), slopes);
    return slopes;
  }

  Network network_;
  Combination combination_{};
  std::array<dk_block, 4> blocks_;
  dk_model_info info_{};
};

const Rnn& rnn_of(const dk_model* model) {
  return *reinterpret_cast<const Rnn*>(model);
}

constexpr dk_balance_v1 kBalance = {
    [](const dk_model* model, const dk_points* points, const dk_output* r, dk_error* error) {
      return guard(error, [&] { rnn_of(model).balance(*points, r, nullptr); });
    },
    [](const dk_model* model, const dk_points* points, const dk_output* r, const dk_matrices* dr_dx,
       dk_error* error) { return guard(error, [&] { rnn_of(model).balance(*points, r, dr_dx); }); },
};

// (2) is a mean of x and phi, (3) points from x towards phi: the range of phi traps both.
constexpr dk_domain_v1 kDomain = {
    [](const dk_model* model, const double*, double* lower, double* upper, dk_error*) {
      const Network& network = rnn_of(model).network();
      std::fill_n(lower, network.n, network.activation == Activation::tanh ? -1.0 : 0.0);
      std::fill_n(upper, network.n, 1.0);
      return dk_status{DK_OK};
    },
};

// Parameters as PyTorch draws them: uniform within 1 / sqrt(n).
constexpr dk_initial_v1 kInitial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta, dk_error*) {
      const dk_model_info& info = rnn_of(model).info();
      const double bound = 1.0 / std::sqrt(static_cast<double>(info.n));
      host->uniform(host, stream, info.p, theta);
      for (std::int64_t i = 0; i < info.p; ++i) theta[i] = bound * (2.0 * theta[i] - 1.0);
      return dk_status{DK_OK};
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      const std::int64_t n = rnn_of(model).info().n;
      host->normal(host, stream, n, x);
      for (std::int64_t i = 0; i < n; ++i) x[i] *= 0.1;
      return dk_status{DK_OK};
    },
};

const void* Rnn::extension(std::string_view id) const {
  const bool bounded =
      network_.activation == Activation::tanh || network_.activation == Activation::sigmoid;
  if (id == DK_BALANCE_V1) return &kBalance;
  if (id == DK_DOMAIN_V1 && bounded) return &kDomain;
  if (id == DK_INITIAL_V1) return &kInitial;
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
