// The parameter blocks of a model that is not described by dynkit/author_model.hpp: networks.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/mlp.hpp"
#include "dynkit/model.h"
#include "dynkit/settings.hpp"

namespace dynkit {

/// Blocks one after the other, with their names. dk_model_info points into it, so it stays where it
/// is.
class ParameterBlocks {
 public:
  ParameterBlocks() = default;
  ParameterBlocks(const ParameterBlocks&) = delete;
  ParameterBlocks& operator=(const ParameterBlocks&) = delete;

  /// Up to DK_BLOCK_RANK extents; `aliases` are other names in weight files.
  void add(std::string name, const std::vector<std::int64_t>& shape, std::string help,
           const std::vector<std::string>& aliases = {}, double lower = -kUnbounded,
           double upper = kUnbounded) {
    dk_block block{};
    block.name = keep(std::move(name));
    if (!aliases.empty()) {
      std::vector<const char*>& list = aliases_.emplace_back();
      for (const std::string& alias : aliases) list.push_back(keep(alias));
      list.push_back(nullptr);
      block.aliases = list.data();
    }
    block.offset = size_;
    block.rank = static_cast<std::int32_t>(shape.size());
    block.trainable = 1;
    std::int64_t elements = 1;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      block.shape[axis] = shape[axis];
      elements *= shape[axis];
    }
    block.lower = lower;
    block.upper = upper;
    block.help = keep(std::move(help));
    blocks_.push_back(block);
    size_ += elements;
  }

  /// Those of a network, named as in nn.Sequential behind `prefix`.
  void add(const Mlp& mlp, const std::string& prefix, const std::string& what) {
    std::int64_t index = 0;
    for (const Mlp::Layer& layer : mlp.layers()) {
      const std::string number = prefix + std::to_string(index);
      add(number + ".weight", {layer.out, layer.in}, "weights of " + what);
      add(number + ".bias", {layer.out}, "biases of " + what);
      index += 2;  // the activation between two layers counts
    }
  }

  const std::vector<dk_block>& entries() const { return blocks_; }
  /// p
  std::int64_t size() const { return size_; }

 private:
  const char* keep(std::string text) { return texts_.emplace_back(std::move(text)).c_str(); }

  std::deque<std::string> texts_;
  std::deque<std::vector<const char*>> aliases_;
  std::vector<dk_block> blocks_;
  std::int64_t size_ = 0;
};

}  // namespace dynkit
