// Whether the Jacobian of a model with kinks (ReLU) jumps at a point.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/host.h"
#include "rest_equation.hpp"

namespace dynkit::fixed_points {

/// Random directions [k,n], each followed by its opposite, so that both sides of a kink are seen.
std::vector<double> kink_directions(const dk_host& host, dk_stream stream, std::int64_t n);

/// Whether J at x differs from J a short way along one of the directions [k,n], by no less at a
/// tenth of the way, as a continuous J would. Costs 2 k + 1 Jacobians.
bool on_kink(const RestEquation& equation, std::span<const double> x,
             std::span<const double> directions);

}  // namespace dynkit::fixed_points
