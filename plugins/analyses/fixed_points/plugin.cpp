#include "dynkit/component.hpp"
#include "fixed_points.hpp"

DYNKIT_PLUGIN(dynkit::analysis_component<dynkit::fixed_points::FixedPoints>({
    "org.dynkit.fixed_points",
    "1.0.0",
    "all fixed points of a map, F(x,u) = x, or a flow, f(x,u) = 0, by Newton's method from many "
    "starts",
    "D. Sussillo and O. Barak, Opening the black box: low-dimensional dynamics in high-dimensional "
    "recurrent neural networks, Neural Comput. 25, 626 (2013)",
}))
