// Asking a right-hand side, with the rules for statuses in one place.
#pragma once

#include <cstdint>

#include "dynkit/core/integrate.hpp"

namespace dynkit {

/// The points of sample s alone.
dk_points single_point(const dk_points& points, std::int64_t s);

/// out = f. Where the field refuses the batch it is asked point by point, and a point that it
/// refuses becomes NaN. Throws Error for a status < 0.
void evaluate(VectorField& field, std::int64_t n, const dk_points& points, const dk_output& out);

/// G at points in rows, `width` numbers each; as above.
void evaluate_noise(NoiseField& noise, std::int64_t width, const dk_points& points,
                    const dk_output& out);

/// F at points in rows, k numbers each; as above.
void evaluate_force(SecondOrderField& field, std::int64_t k, const dk_points& points,
                    const dk_output& out);

/// Throws Error unless times, sizes and pointers are usable.
void check_trajectories(const Trajectories& trajectories);

/// Throws Error unless tolerances, step and limit are usable for the method.
void check_options(const IntegrationOptions& options);

}  // namespace dynkit
