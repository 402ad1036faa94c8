#include "variables.hpp"

#include <algorithm>
#include <limits>

namespace dynkit::training {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double half_square(const VariableBlock& block, const std::vector<double>& values) {
  double sum = 0.0;
  for (std::int64_t i = block.offset; i < block.offset + block.size; ++i) {
    sum += values[static_cast<std::size_t>(i)] * values[static_cast<std::size_t>(i)];
  }
  return 0.5 * sum;
}

}  // namespace

std::int64_t Variables::add(const std::string& prefix, const ParameterLayout& layout,
                            const std::vector<double>& theta) {
  const std::int64_t first = size();
  for (const dk_block& block : layout.blocks) {
    blocks_.push_back({prefix + block.name, first + block.offset, block_size(block),
                       block.trainable != 0, block.lower, block.upper});
  }
  values.insert(values.end(), theta.begin(), theta.end());
  return first;
}

std::int64_t Variables::add(const std::string& name, const std::vector<double>& numbers) {
  const std::int64_t first = size();
  blocks_.push_back(
      {name, first, static_cast<std::int64_t>(numbers.size()), true, -kInfinity, kInfinity, 0.0});
  values.insert(values.end(), numbers.begin(), numbers.end());
  return first;
}

void Variables::project() {
  for (const VariableBlock& block : blocks_) {
    if (block.lower == -kInfinity && block.upper == kInfinity) continue;
    for (std::int64_t i = block.offset; i < block.offset + block.size; ++i) {
      double& value = values[static_cast<std::size_t>(i)];
      value = std::clamp(value, block.lower, block.upper);
    }
  }
}

double Variables::penalty() const {
  double sum = 0.0;
  for (const VariableBlock& block : blocks_) {
    if (block.penalty > 0.0) sum += block.penalty * half_square(block, values);
  }
  return sum;
}

double Variables::regularize(std::vector<double>& gradient) const {
  for (const VariableBlock& block : blocks_) {
    for (std::int64_t i = block.offset; i < block.offset + block.size; ++i) {
      const auto at = static_cast<std::size_t>(i);
      gradient[at] = block.trainable ? gradient[at] + block.penalty * values[at] : 0.0;
    }
  }
  return penalty();
}

}  // namespace dynkit::training
