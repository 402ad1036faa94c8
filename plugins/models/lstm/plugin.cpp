// The LSTM as a component.
#include <limits>
#include <string_view>

#include "dynkit/component.hpp"
#include "dynkit/network_model.hpp"
#include "dynkit/recurrent_component.hpp"
#include "lstm.hpp"

namespace dynkit::lstm {
namespace {

class Lstm : public NetworkModel<Kernel> {
 public:
  static constexpr dk_setting kSettings[] = {units_setting(), inputs_setting()};

  Lstm(const dk_host&, const Settings& settings)
      : NetworkModel(settings.integer("n"), settings.integer("m")), units_(settings.integer("n")) {
    const std::int64_t m = settings.integer("m");
    add_recurrent_blocks(blocks_, 4 * units_, units_, m, " of i, f, g, o");
    info_.time_kind = DK_MAP;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = 2 * units_;
    info_.m = m;
    info_.p = blocks_.size();
    info_.step = std::numeric_limits<double>::quiet_NaN();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

  const dk_model_info& info() const { return info_; }
  std::int64_t units() const { return units_; }

  const void* extension(std::string_view id) const {
    if (id == DK_INITIAL_V1) return &recurrent_initial<Lstm>;
    if (id == DK_F32_V1) return &f32_table<Lstm>;
    return nullptr;
  }

 private:
  std::int64_t units_;
  ParameterBlocks blocks_;
  dk_model_info info_{};
};

}  // namespace
}  // namespace dynkit::lstm

DYNKIT_PLUGIN(dynkit::model_component<dynkit::lstm::Lstm>({
    .id = "org.dynkit.lstm",
    .version = "1.0.0",
    .summary = "long short-term memory: c' = f c + i g, h' = o tanh(c'), x = (h, c); PyTorch's "
               "weights",
    .citation = "Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9, 1735 "
                "(1997)",
}))
