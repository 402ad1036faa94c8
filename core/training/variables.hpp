// All that training moves, as one vector of doubles.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/core/parameters.hpp"

namespace dynkit::training {

/// A part of the vector with bounds of its own.
struct VariableBlock {
  std::string name;
  std::int64_t offset = 0, size = 0;
  bool trainable = true;
  double lower, upper;
  double penalty = 0.0;  // lambda of lambda/2 |v|^2
  bool decays = true;    // with an optimizer that has a weight decay
};

/// Blocks one after the other, in groups: the model's parameters, the readout's, initial states.
class Variables {
 public:
  /// Returns where the group begins.
  std::int64_t add(const std::string& prefix, const ParameterLayout& layout,
                   const std::vector<double>& values);
  std::int64_t add(const std::string& name, const std::vector<double>& values);

  std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
  std::vector<VariableBlock>& blocks() { return blocks_; }
  const std::vector<VariableBlock>& blocks() const { return blocks_; }

  /// Moves values that lie outside their bounds to them.
  void project();
  /// Zeros the gradient of what is not trained, adds that of the penalties, and returns them.
  double regularize(std::vector<double>& gradient) const;
  double penalty() const;

  std::vector<double> values;

 private:
  std::vector<VariableBlock> blocks_;
};

}  // namespace dynkit::training
