#include "dynkit/component.hpp"
#include "lyapunov.hpp"

DYNKIT_PLUGIN(dynkit::analysis_component<dynkit::lyapunov::Lyapunov>({
    "org.dynkit.lyapunov",
    "1.0.0",
    "Lyapunov exponents lambda_k = lim (1/T) sum log r_k by orthonormalized tangents, with "
    "standard "
    "errors and Kaplan-Yorke dimension",
    "G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, Lyapunov characteristic exponents "
    "for smooth dynamical systems and for Hamiltonian systems, Meccanica 15, 9 (1980); J. L. "
    "Kaplan "
    "and J. A. Yorke, Chaotic behavior of multidimensional difference equations, Lecture Notes in "
    "Mathematics 730, 204 (1979)",
}))
