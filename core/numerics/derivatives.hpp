// Derivatives of any model: its own where it has them, else made from what it has, central
// differences last. Same contracts as in dynkit/model.h; rows only.
#pragma once

#include "dynkit/core/system.hpp"

namespace dynkit {

void eval(const System& system, const dk_points& points, const dk_output& out);

void jacobian(const System& system, const dk_points& points, std::int32_t wrt,
              const dk_matrices& J);

void jvp(const System& system, const dk_points& points, const dk_tangents& tangents,
         const dk_output& out);

void vjp(const System& system, const dk_points& points, const dk_cotangents& cotangents);

/// r = F(x,u) - x or f(x,u), or the model's balanced residual.
void residual(const System& system, const dk_points& points, const dk_output& r);

/// r (data NULL: not wanted) and dr/dx.
void linearized(const System& system, const dk_points& points, const dk_output& r,
                const dk_matrices& dr_dx);

}  // namespace dynkit
