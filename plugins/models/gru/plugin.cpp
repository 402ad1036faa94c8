// The GRU as a component.
#include <algorithm>
#include <limits>
#include <string_view>

#include "dynkit/balance.h"
#include "dynkit/component.hpp"
#include "dynkit/domain.h"
#include "dynkit/network_model.hpp"
#include "dynkit/recurrent_component.hpp"
#include "gru.hpp"

namespace dynkit::gru {
namespace {

class Gru : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {units_setting(), inputs_setting()};

  Gru(const dk_host&, const Settings& settings)
      : NetworkModel(Sizes{settings.integer("n"), settings.integer("m")}) {
    const auto [n, m] = kernel().sizes();
    add_recurrent_blocks(blocks_, 3 * n, n, m, " of r, z, c");
    info_.time_kind = DK_MAP;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = n;
    info_.m = m;
    info_.p = blocks_.size();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

  const dk_model_info& info() const { return info_; }
  std::int64_t units() const { return info_.n; }

  // r and dr/dx are wanted each unless NULL.
  void balance(const dk_points& points, const dk_output* r, const dk_matrices* dr_dx) const {
    const Sizes sizes = kernel().sizes();
    for_each_part(points, kPartRows, [&](const dk_points& part, std::int64_t begin) {
      auto* gates = static_cast<double*>(part.scratch);
      compute_gates<double>(sizes, part, Gates::without_update, gates);
      if (r != nullptr && r->data != nullptr) {
        residual<double>(sizes, part, gates, from_sample(*r, begin));
      }
      if (dr_dx != nullptr) {
        residual_jacobian<double>(sizes, part, gates, from_sample(*dr_dx, begin));
      }
    });
  }

  const void* extension(std::string_view id) const;

 private:
  ParameterBlocks blocks_;
  dk_model_info info_{};
};

const Gru& gru_of(const dk_model* model) {
  return *reinterpret_cast<const Gru*>(model);
}

// (5) is a mean of c, within (-1, 1), and x.
constexpr dk_domain_v1 kDomain = {
    [](const dk_model* model, const double*, double* lower, double* upper, dk_error*) {
      std::fill_n(lower, gru_of(model).info().n, -1.0);
      std::fill_n(upper, gru_of(model).info().n, 1.0);
      return dk_status{DK_OK};
    },
};

const void* Gru::extension(std::string_view id) const {
  if (id == DK_BALANCE_V1) return &balance_table<Gru>;
  if (id == DK_DOMAIN_V1) return &kDomain;
  if (id == DK_INITIAL_V1) return &recurrent_initial<Gru>;
  if (id == DK_F32_V1) return &f32_table<Gru>;
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
