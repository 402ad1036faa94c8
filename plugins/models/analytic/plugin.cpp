#include "flows.hpp"
#include "linear.hpp"
#include "maps.hpp"
#include "stochastic.hpp"

namespace dynkit::analytic {
namespace {

constexpr const char* kVersion = "1.0.0";

}  // namespace
}  // namespace dynkit::analytic

using namespace dynkit;
using namespace dynkit::analytic;

DYNKIT_PLUGIN(
    differentiable_component<Lorenz63>(
        {"org.dynkit.lorenz63", kVersion,
         "Lorenz (1963): x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z",
         "E. N. Lorenz, Deterministic nonperiodic flow, J. Atmos. Sci. 20, 130 (1963)"}),
    differentiable_component<Rossler>(
        {"org.dynkit.rossler", kVersion,
         "Rossler (1976): x' = -y - z, y' = x + a y, z' = b + z (x - c)",
         "O. E. Rossler, An equation for continuous chaos, Phys. Lett. A 57, 397 (1976)"}),
    differentiable_component<Arneodo>(
        {"org.dynkit.arneodo", kVersion,
         "Arneodo (1980): x' = y, y' = z, z' = -a x - b y - c z + d x^3",
         "A. Arneodo, P. Coullet & C. Tresser, Occurence of strange attractors in "
         "three-dimensional Volterra equations, Phys. Lett. A 79, 259 (1980)"}),
    differentiable_component<Lorenz96>(
        {"org.dynkit.lorenz96", kVersion,
         "Lorenz (1996): x_i' = (x_i+1 - x_i-2) x_i-1 - x_i + F on a ring of n sites",
         "E. N. Lorenz, Predictability: a problem partly solved, Proc. Seminar on Predictability "
         "1, ECMWF (1996)"}),
    differentiable_component<VanDerPol>(
        {"org.dynkit.van_der_pol", kVersion, "van der Pol (1926): x' = v, v' = mu (1 - x^2) v - x",
         "B. van der Pol, On relaxation-oscillations, Phil. Mag. 2, 978 (1926)"}),
    differentiable_component<FitzHughNagumo>(
        {"org.dynkit.fitzhugh_nagumo", kVersion,
         "FitzHugh-Nagumo (1961): v' = v - v^3/3 - w + I, w' = eps (v + a - b w)",
         "R. FitzHugh, Impulses and physiological states in theoretical models of nerve membrane, "
         "Biophys. J. 1, 445 (1961)"}),
    differentiable_component<Duffing>(
        {"org.dynkit.duffing", kVersion,
         "Duffing (1918): x' = v, v' = -delta v - alpha x - beta x^3 + gamma cos(omega t)",
         "G. Duffing, Erzwungene Schwingungen bei veraenderlicher Eigenfrequenz, Vieweg (1918)"}),
    differentiable_component<PredatorPrey>(
        {"org.dynkit.predator_prey", kVersion,
         "Predator and harvested prey: x' = 3 x (1 - x) - x y - a (1 - exp(-5 x)), y' = -y + 3 x y",
         "E. van Tegelen et al., Neural ordinary differential equations for learning and "
         "extrapolating system dynamics across bifurcations (2025)"}),
    differentiable_component<Henon>(
        {"org.dynkit.henon", kVersion, "Henon (1976): x' = 1 - a x^2 + y, y' = b x",
         "M. Henon, A two-dimensional mapping with a strange attractor, Commun. Math. Phys. 50, "
         "69 (1976)"}),
    differentiable_component<Logistic>(
        {"org.dynkit.logistic", kVersion, "Logistic map: x' = r x (1 - x)",
         "R. M. May, Simple mathematical models with very complicated dynamics, Nature 261, 459 "
         "(1976)"}),
    differentiable_component<LinearMap>({"org.dynkit.linear_map", kVersion,
                                         "Linear map: x' = A x + B u"}),
    differentiable_component<LinearFlow>({"org.dynkit.linear_flow", kVersion,
                                          "Linear flow: dx/dt = A x + B u"}),
    differentiable_component<OrnsteinUhlenbeck>(
        {"org.dynkit.ornstein_uhlenbeck", kVersion,
         "Ornstein-Uhlenbeck process: dx = theta (mu - x) dt + sigma dW",
         "G. E. Uhlenbeck & L. S. Ornstein, On the theory of the Brownian motion, Phys. Rev. 36, "
         "823 (1930)"}),
    differentiable_component<GeometricBrownianMotion>(
        {"org.dynkit.geometric_brownian_motion", kVersion,
         "Geometric Brownian motion (Ito): dx = mu x dt + sigma x dW",
         "F. Black & M. Scholes, The pricing of options and corporate liabilities, J. Polit. "
         "Econ. 81, 637 (1973)"}),
    differentiable_component<DoubleWell>(
        {"org.dynkit.double_well", kVersion,
         "Overdamped particle in two wells: dx = (x - x^3) dt + sqrt(2 D) dW",
         "H. A. Kramers, Brownian motion in a field of force and the diffusion model of chemical "
         "reactions, Physica 7, 284 (1940)"}))
