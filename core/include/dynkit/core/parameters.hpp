#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/model.h"

namespace dynkit {

/// The parameter blocks of a model or a readout, which tile theta [p].
struct ParameterLayout {
  std::string owner;  // its component, for messages
  std::vector<dk_block> blocks;
  std::int64_t p = 0;
};

std::int64_t block_size(const dk_block& block);

/// The first flaw of blocks that are not named, shaped, bounded and placed as dynkit/model.h says;
/// empty: there is none.
std::string block_flaw(std::int64_t count, const dk_block* blocks, std::int64_t p);

/// Zeros, moved into the blocks' bounds.
std::vector<double> zero_parameters(const ParameterLayout& layout);

/// Fills the parameters from the arrays of a weight file: block `weight` is `prefix + weight`,
/// under its name or an alias. Throws Error (DK_SHAPE_MISMATCH, DK_SETTINGS) for a block that is
/// missing or has another shape, and for an array of the same layer that has no block (a second
/// layer, the reverse direction): what it holds would be lost. `origin` names the file in messages.
std::vector<double> parameters_from_arrays(const ParameterLayout& layout, const ArrayMap& arrays,
                                           const std::string& prefix, const std::string& origin);

/// Overwrites blocks by name with a value for all elements, or one for each.
void set_parameters(const ParameterLayout& layout, const Config::Table& values,
                    std::vector<double>& theta);

/// The parameters as named arrays, one for each block.
ArrayMap parameters_as_arrays(const ParameterLayout& layout, const std::vector<double>& theta);

/// The extent of a weight under a prefix, for sizes that are taken from weights.
std::optional<std::int64_t> weight_extent(const ArrayMap& arrays, const std::string& prefix,
                                          const std::string& block, std::size_t axis);

}  // namespace dynkit
