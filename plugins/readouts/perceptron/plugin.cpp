// Affine and perceptron readouts as components.
#include <string_view>

#include "dynkit/component.hpp"
#include "dynkit/mlp_initial.hpp"
#include "dynkit/network_model.hpp"
#include "dynkit/parameter_blocks.hpp"
#include "readout.hpp"

namespace dynkit::readout {
namespace {

// In the order of Link.
constexpr const char* kLinks[] = {"identity", "exp", "softmax", nullptr};

Link link_of(std::string_view name) {
  int index = 0;
  while (name != kLinks[index]) ++index;
  return static_cast<Link>(index);
}

std::vector<std::int64_t> widths_of(const Settings& settings, std::vector<std::int64_t> hidden) {
  hidden.insert(hidden.begin(), settings.integer("n"));
  hidden.push_back(settings.integer("o"));
  return hidden;
}

// What the two components share.
class Readout : public NetworkModel<Kernel> {
 public:
  using NetworkModel::NetworkModel;
  Readout(const Readout&) = delete;
  Readout& operator=(const Readout&) = delete;

  const dk_readout_info& info() const { return info_; }
  const void* extension(std::string_view id) const;

 protected:
  ParameterBlocks& blocks() { return blocks_; }
  void describe(bool smooth) {
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT | (smooth ? 0 : DK_NOT_SMOOTH);
    info_.n = kernel().map().inputs();
    info_.o = kernel().map().outputs();
    info_.p = blocks_.size();
    info_.block_count = static_cast<std::int64_t>(blocks_.entries().size());
    info_.blocks = blocks_.entries().data();
  }

 private:
  ParameterBlocks blocks_;
  dk_readout_info info_{};
};

constexpr dk_readout_initial_v1 kInitial = {
    [](const dk_readout* self, const dk_host* host, dk_stream* stream, double* theta, dk_error*) {
      const auto& readout = *reinterpret_cast<const Readout*>(self);
      draw_linear_layers(readout.kernel().map(), *host, *stream, theta);
      return dk_status{DK_OK};
    },
};

const void* Readout::extension(std::string_view id) const {
  if (id == DK_READOUT_INITIAL_V1) return &kInitial;
  if (id == DK_F32_V1) return &f32_table<Readout>;
  return nullptr;
}

class Affine : public Readout {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", nullptr, 1, 16384, "number of states", DK_CHANGES_SIZES, "weight[1]"),
      integer_setting("o", nullptr, 1, 16384, "number of observations", DK_CHANGES_SIZES,
                      "weight[0]"),
      text_setting("link", "identity", kLinks, "of a = W z + b to y"),
  };

  Affine(const dk_host&, const Settings& settings)
      : Readout(widths_of(settings, {}), Activation::identity, link_of(settings.text("link"))) {
    const auto& layer = kernel().map().layers().front();
    blocks().add("weight", {layer.out, layer.in}, "weights");
    blocks().add("bias", {layer.out}, "biases");
    describe(true);
  }
};

class MlpReadout : public Readout {
 public:
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", nullptr, 1, 16384, "number of states", DK_CHANGES_SIZES, "0.weight[1]"),
      integer_setting("o", nullptr, 1, 16384, "number of observations", DK_CHANGES_SIZES),
      numbers_setting("hidden", "[64]", 1, 16384, "widths of the hidden layers", DK_CHANGES_SIZES),
      text_setting("activation", "tanh", kActivations, "of the hidden layers"),
      text_setting("link", "identity", kLinks, "of the last layer to y"),
  };

  MlpReadout(const dk_host&, const Settings& settings)
      : Readout(widths_of(settings, unit_counts(settings, "hidden")),
                activation_of(settings.text("activation")), link_of(settings.text("link"))) {
    blocks().add(kernel().map(), "", "the readout");
    describe(activation_of(settings.text("activation")) != Activation::relu);
  }
};

}  // namespace
}  // namespace dynkit::readout

DYNKIT_PLUGIN(dynkit::readout_component<dynkit::readout::Affine>({
                  .id = "org.dynkit.affine",
                  .version = "1.0.0",
                  .summary = "affine readout: y = link(W z + b), link identity, exp or softmax",
              }),
              dynkit::readout_component<dynkit::readout::MlpReadout>({
                  .id = "org.dynkit.mlp_readout",
                  .version = "1.0.0",
                  .summary = "perceptron readout: y = link(f(z)), f a multilayer perceptron; "
                             "weights of PyTorch's nn.Sequential",
              }))
