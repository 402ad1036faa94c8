// A readout called as if it were a model, so that what holds for both is checked by the same code:
// a map without inputs from n states to o outputs.
#pragma once

#include "dynkit/model.h"
#include "dynkit/readout.h"

namespace dynkit::testing {

/// A readout's instance; dk_model handles of `readout_as_model` point to it.
struct ReadoutHandle {
  const dk_readout_v1* table;
  dk_readout* readout;
  dk_model_info info;
};

namespace detail {

inline const ReadoutHandle& handle_of(const dk_model* model) {
  return *reinterpret_cast<const ReadoutHandle*>(model);
}

template <auto member, class... Arguments>
auto forward(const dk_model* model, Arguments... arguments) {
  const ReadoutHandle& self = handle_of(model);
  return (self.table->*member)(self.readout, arguments...);
}

}  // namespace detail

/// Every operation is the readout's own; `create` and `destroy` are left to the caller.
inline constexpr dk_model_v1 readout_as_model = {
    .create = nullptr,
    .destroy = nullptr,
    .info = [](const dk_model* model) { return &detail::handle_of(model).info; },
    .scratch_size = detail::forward<&dk_readout_v1::scratch_size>,
    .prepared_size = detail::forward<&dk_readout_v1::prepared_size>,
    .tape_size = detail::forward<&dk_readout_v1::tape_size>,
    .prepare = detail::forward<&dk_readout_v1::prepare>,
    .eval = detail::forward<&dk_readout_v1::eval>,
    .jacobian = detail::forward<&dk_readout_v1::jacobian>,
    .jvp = detail::forward<&dk_readout_v1::jvp>,
    .vjp = detail::forward<&dk_readout_v1::vjp>,
    .extension = detail::forward<&dk_readout_v1::extension>,
};

inline dk_model_info readout_info(const dk_readout_info& readout) {
  dk_model_info info{};
  info.time_kind = DK_MAP;
  info.threading = readout.threading;
  info.flags = readout.flags;
  info.n = readout.n;
  info.p = readout.p;
  info.block_count = readout.block_count;
  info.blocks = readout.blocks;
  return info;
}

}  // namespace dynkit::testing
