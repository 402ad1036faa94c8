// The GRU as a component: sizes, buffers and the work in parts of bounded size.
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/views.hpp"
#include "gru.hpp"

namespace dynkit::gru {
namespace {

// Samples a part has at most: their gates stay in the second-level cache.
constexpr std::int64_t kPartRows = 128;

constexpr const char* kWeightIhAliases[] = {"weight_ih", nullptr};
constexpr const char* kWeightHhAliases[] = {"weight_hh", nullptr};
constexpr const char* kBiasIhAliases[] = {"bias_ih", nullptr};
constexpr const char* kBiasHhAliases[] = {"bias_hh", nullptr};

class Gru {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "64", 1, 16384, "number of units", DK_CHANGES_SIZES,
                      "weight_hh_l0[1] weight_hh[1]"),
      integer_setting("m", "0", 0, 16384, "number of inputs", DK_CHANGES_SIZES,
                      "weight_ih_l0[1] weight_ih[1]"),
  };

  Gru(const dk_host&, const Settings& settings)
      : sizes_{settings.integer("n"), settings.integer("m")} {
    const auto [n, m] = sizes_;
    blocks_ = {
        matrix("weight_ih_l0", kWeightIhAliases, 0, m, "input weights of r, z, c"),
        matrix("weight_hh_l0", kWeightHhAliases, 3 * n * m, n, "recurrent weights of r, z, c"),
        bias("bias_ih_l0", kBiasIhAliases, 3 * n * (m + n), "biases of r, z, c"),
        bias("bias_hh_l0", kBiasHhAliases, 3 * n * (m + n + 1),
             "biases of r, z and, under the reset gate, of c")};
    info_.time_kind = DK_MAP;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = n;
    info_.m = m;
    info_.p = sizes_.parameters();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.size());
    info_.blocks = blocks_.data();
  }
  Gru(const Gru&) = delete;  // info_ points into blocks_
  Gru& operator=(const Gru&) = delete;

  const dk_model_info& info() const { return info_; }

  std::int64_t scratch_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    const bool directions = operation == DK_JVP || operation == DK_VJP;
    const std::int64_t rows = std::min(S, part_size(directions ? K : 1));
    const std::int64_t work = directions ? rows * K : operation == DK_JACOBIAN ? 1 : 0;
    return (rows + work) * row_bytes();
  }
  std::int64_t prepared_size() const { return sizes_.prepared() * std::int64_t{sizeof(double)}; }
  std::int64_t tape_size(std::int64_t S) const { return S * row_bytes(); }

  void prepare(const double* theta, void* prepared) const {
    gru::prepare(sizes_, theta, static_cast<double*>(prepared));
  }

  void eval(const dk_points& points, const dk_output& out) const {
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      double* gates = part.tape != nullptr ? tape_of(part, begin) : scratch_of(part);
      compute_gates(sizes_, part, Gates::all, gates);
      step(sizes_, part, gates, from_sample(out, begin));
    });
  }

  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    const auto function = wrt == DK_WRT_STATE   ? state_jacobian
                          : wrt == DK_WRT_INPUT ? input_jacobian
                                                : parameter_jacobian;
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      function(sizes_, part, gates_of(part, begin), work_of(part), from_sample(J, begin));
    });
  }

  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const {
    const std::int64_t size = part_size(tangents.count);
    for_each_part(points, size, [&](const dk_points& part, std::int64_t begin) {
      gru::jvp(sizes_, part, gates_of(part, begin), from_sample(tangents, begin), work_of(part),
               from_sample(out, begin));
    });
  }

  void vjp(const dk_points& points, const dk_cotangents& cotangents) const {
    const std::int64_t size = part_size(cotangents.count);
    for_each_part(points, size, [&](const dk_points& part, std::int64_t begin) {
      gru::vjp(sizes_, part, gates_of(part, begin), from_sample(cotangents, begin), work_of(part));
    });
  }

  // r and dr/dx are wanted each unless NULL.
  void balance(const dk_points& points, const dk_output* r, const dk_matrices* dr_dx) const {
    for_each_part(points, part_size(1), [&](const dk_points& part, std::int64_t begin) {
      double* gates = scratch_of(part);
      compute_gates(sizes_, part, Gates::without_update, gates);
      if (r != nullptr && r->data != nullptr) residual(sizes_, part, gates, from_sample(*r, begin));
      if (dr_dx != nullptr) residual_jacobian(sizes_, part, gates, from_sample(*dr_dx, begin));
    });
  }

  const void* extension(std::string_view id) const;

 private:
  dk_block matrix(const char* name, const char* const* aliases, std::int64_t offset,
                  std::int64_t columns, const char* help) const {
    return {name, aliases, offset, 2, 1, {3 * sizes_.n, columns}, -kUnbounded, kUnbounded, help};
  }
  dk_block bias(const char* name, const char* const* aliases, std::int64_t offset,
                const char* help) const {
    return {name, aliases, offset, 1, 1, {3 * sizes_.n}, -kUnbounded, kUnbounded, help};
  }

  std::int64_t row_bytes() const { return 4 * sizes_.n * std::int64_t{sizeof(double)}; }
  static std::int64_t part_size(std::int64_t K) {
    return std::max<std::int64_t>(1, kPartRows / std::max<std::int64_t>(1, K));
  }

  static double* scratch_of(const dk_points& part) { return static_cast<double*>(part.scratch); }
  double* tape_of(const dk_points& part, std::int64_t begin) const {
    return static_cast<double*>(part.tape) + begin * 4 * sizes_.n;
  }

  // What `eval` left on the tape, or the same again in scratch.
  const double* gates_of(const dk_points& part, std::int64_t begin) const {
    if (part.tape != nullptr) return tape_of(part, begin);
    compute_gates(sizes_, part, Gates::all, scratch_of(part));
    return scratch_of(part);
  }
  // Scratch behind the gates of the part; theirs is not used where there is a tape.
  double* work_of(const dk_points& part) const {
    return scratch_of(part) + (part.tape != nullptr ? 0 : part.count * 4 * sizes_.n);
  }

  Sizes sizes_;
  std::array<dk_block, 4> blocks_;
  dk_model_info info_{};
};

const Gru& gru_of(const dk_model* model) {
  return *reinterpret_cast<const Gru*>(model);
}

constexpr dk_balance_v1 kBalance = {
    [](const dk_model* model, const dk_points* points, const dk_output* r, dk_error* error) {
      return guard(error, [&] { gru_of(model).balance(*points, r, nullptr); });
    },
    [](const dk_model* model, const dk_points* points, const dk_output* r, const dk_matrices* dr_dx,
       dk_error* error) { return guard(error, [&] { gru_of(model).balance(*points, r, dr_dx); }); },
};

// (5) is a mean of c, within (-1, 1), and x.
constexpr dk_domain_v1 kDomain = {
    [](const dk_model* model, const double*, double* lower, double* upper, dk_error*) {
      std::fill_n(lower, gru_of(model).info().n, -1.0);
      std::fill_n(upper, gru_of(model).info().n, 1.0);
      return dk_status{DK_OK};
    },
};

// Parameters as PyTorch draws them: uniform within 1 / sqrt(n).
constexpr dk_initial_v1 kInitial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta, dk_error*) {
      const dk_model_info& info = gru_of(model).info();
      const double bound = 1.0 / std::sqrt(static_cast<double>(info.n));
      host->uniform(host, stream, info.p, theta);
      for (std::int64_t i = 0; i < info.p; ++i) theta[i] = bound * (2.0 * theta[i] - 1.0);
      return dk_status{DK_OK};
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      const std::int64_t n = gru_of(model).info().n;
      host->normal(host, stream, n, x);
      for (std::int64_t i = 0; i < n; ++i) x[i] *= 0.1;
      return dk_status{DK_OK};
    },
};

const void* Gru::extension(std::string_view id) const {
  if (id == DK_BALANCE_V1) return &kBalance;
  if (id == DK_DOMAIN_V1) return &kDomain;
  if (id == DK_INITIAL_V1) return &kInitial;
  return nullptr;
}

}  // namespace
}  // namespace dynkit::gru

DYNKIT_PLUGIN(dynkit::model_component<dynkit::gru::Gru>({
    .id = "org.dynkit.gru",
    .version = "1.0.0",
    .summary = "gated recurrent unit: x' = (1 - z) * c + z * x, c = tanh(W_in u + b_in + "
               "r * (W_hn x + b_hn)), r and z sigmoid gates; PyTorch's weights",
    .citation = "Cho et al., Learning phrase representations using RNN encoder-decoder for "
                "statistical machine translation, EMNLP 2014",
}))
