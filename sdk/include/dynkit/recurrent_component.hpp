// What the recurrent networks of PyTorch (RNN, GRU, LSTM) share as components: the settings of
// their sizes, their parameter blocks, and how PyTorch draws parameters.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "dynkit/initial.h"
#include "dynkit/parameter_blocks.hpp"
#include "dynkit/settings.hpp"

namespace dynkit {

/// Settings `n` and `m`, which weights from a file determine.
constexpr dk_setting units_setting() {
  return integer_setting("n", "64", 1, 16384, "number of units", DK_CHANGES_SIZES,
                         "weight_hh_l0[1] weight_hh[1]");
}
constexpr dk_setting inputs_setting() {
  return integer_setting("m", "0", 0, 16384, "number of inputs", DK_CHANGES_SIZES,
                         "weight_ih_l0[1] weight_ih[1]");
}

/// W_ih [q,m], W_hh [q,n], b_ih, b_hh [q]. `gates` says whose rows they are ("of r, z, c").
inline void add_recurrent_blocks(ParameterBlocks& blocks, std::int64_t q, std::int64_t n,
                                 std::int64_t m, const std::string& gates) {
  blocks.add("weight_ih_l0", {q, m}, "input weights" + gates, {"weight_ih"});
  blocks.add("weight_hh_l0", {q, n}, "recurrent weights" + gates, {"weight_hh"});
  blocks.add("bias_ih_l0", {q}, "biases" + gates, {"bias_ih"});
  blocks.add("bias_hh_l0", {q}, "biases too, as PyTorch has them twice", {"bias_hh"});
}

/// Parameters as PyTorch draws them, uniform within 1 / sqrt(units), and small normal states. Model
/// has info() and units().
template <class Model>
inline constexpr dk_initial_v1 recurrent_initial = {
    [](const dk_model* model, const dk_host* host, dk_stream* stream, double* theta, dk_error*) {
      const Model& self = *reinterpret_cast<const Model*>(model);
      const double bound = 1.0 / std::sqrt(static_cast<double>(self.units()));
      host->uniform(host, stream, self.info().p, theta);
      for (std::int64_t i = 0; i < self.info().p; ++i) theta[i] = bound * (2.0 * theta[i] - 1.0);
      return dk_status{DK_OK};
    },
    [](const dk_model* model, const dk_host* host, dk_stream* stream, const double*, double* x,
       dk_error*) {
      const std::int64_t n = reinterpret_cast<const Model*>(model)->info().n;
      host->normal(host, stream, n, x);
      for (std::int64_t i = 0; i < n; ++i) x[i] *= 0.1;
      return dk_status{DK_OK};
    },
};

}  // namespace dynkit
