// What a model says of its variables, for authors in C++: names, typical ranges, parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/settings.hpp"

namespace dynkit {

/// A state variable, with the range in which it is typically found: simulations start there.
struct StateVariable {
  const char* name;
  double lower, upper;
};

/// A parameter of one number. Bounds are inclusive.
struct Parameter {
  const char* name;
  double value;  // unless the user says otherwise
  const char* help;
  double lower = -kUnbounded;
  double upper = kUnbounded;
  bool trainable = true;
};

/// A parameter of any shape: a matrix of couplings.
struct ParameterBlock {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<double> values;  // in C order, unless the user says otherwise
  std::string help;
  double lower = -kUnbounded;
  double upper = kUnbounded;
  bool trainable = true;
};

/// All of it, for a model whose sizes depend on its settings.
struct ModelLayout {
  struct State {
    std::string name;
    double lower, upper;
  };

  std::vector<State> states;
  std::vector<std::string> inputs;
  std::vector<ParameterBlock> parameters;

  /// "x0", "x1", ... with one range.
  static std::vector<State> numbered_states(const std::string& prefix, std::int64_t count,
                                            double lower, double upper) {
    std::vector<State> states;
    for (std::int64_t i = 0; i < count; ++i) {
      states.push_back({prefix + std::to_string(i), lower, upper});
    }
    return states;
  }

  static std::vector<std::string> numbered(const std::string& prefix, std::int64_t count) {
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
    return names;
  }
};

/// A layout in the form of the C interface. `info` points into the object, so it stays where it is.
class ModelDescription {
 public:
  ModelDescription(ModelLayout layout, std::int32_t time_kind, std::uint64_t flags, double step)
      : layout_(std::move(layout)) {
    for (const ModelLayout::State& state : layout_.states) {
      state_names_.push_back(state.name.c_str());
      state_scale_.push_back(std::max(std::fabs(state.lower), std::fabs(state.upper)));
    }
    for (const std::string& name : layout_.inputs) input_names_.push_back(name.c_str());
    for (const ParameterBlock& block : layout_.parameters) add(block);

    info_.time_kind = time_kind;
    info_.threading = DK_REENTRANT;
    info_.flags = flags;
    info_.n = static_cast<std::int64_t>(layout_.states.size());
    info_.m = static_cast<std::int64_t>(layout_.inputs.size());
    info_.p = static_cast<std::int64_t>(theta_.size());
    info_.step = step;
    info_.block_count = static_cast<std::int64_t>(blocks_.size());
    info_.blocks = blocks_.data();
    info_.state_names = state_names_.data();
    info_.input_names = input_names_.data();
    info_.state_scale = state_scale_.data();
  }
  ModelDescription(const ModelDescription&) = delete;
  ModelDescription& operator=(const ModelDescription&) = delete;

  const dk_model_info& info() const { return info_; }
  const ModelLayout& layout() const { return layout_; }

  /// The parameters unless the user says otherwise, [p].
  const std::vector<double>& theta() const { return theta_; }

 private:
  void add(const ParameterBlock& block) {
    if (block.shape.size() > DK_BLOCK_RANK) {
      throw Error(DK_TOO_LARGE, "parameter '" + block.name + "' has " +
                                    std::to_string(block.shape.size()) + " dimensions, at most " +
                                    std::to_string(int{DK_BLOCK_RANK}) + " are allowed");
    }
    dk_block entry{};
    entry.name = block.name.c_str();
    entry.offset = static_cast<std::int64_t>(theta_.size());
    entry.rank = static_cast<std::int32_t>(block.shape.size());
    entry.trainable = block.trainable ? 1 : 0;
    std::int64_t size = 1;
    for (std::size_t axis = 0; axis < block.shape.size(); ++axis) {
      entry.shape[axis] = block.shape[axis];
      size *= block.shape[axis];
    }
    entry.lower = block.lower;
    entry.upper = block.upper;
    entry.help = block.help.c_str();
    if (size != static_cast<std::int64_t>(block.values.size())) {
      throw Error(DK_SHAPE_MISMATCH, "parameter '" + block.name + "' has " +
                                         std::to_string(block.values.size()) +
                                         " values, its shape needs " + std::to_string(size));
    }
    blocks_.push_back(entry);
    theta_.insert(theta_.end(), block.values.begin(), block.values.end());
  }

  ModelLayout layout_;
  std::vector<const char*> state_names_, input_names_;
  std::vector<double> state_scale_, theta_;
  std::vector<dk_block> blocks_;
  dk_model_info info_{};
};

}  // namespace dynkit
