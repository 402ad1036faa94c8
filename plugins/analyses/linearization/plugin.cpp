#include "dynkit/component.hpp"
#include "linearization.hpp"

DYNKIT_PLUGIN(dynkit::analysis_component<dynkit::linearization::Linearization>({
    "org.dynkit.linearization",
    "1.0.0",
    "J = dF/dx at given points: eigenvalues, eigenvectors, stability, time constants, "
    "non-normality, drive by inputs",
    "P. Henrici, Bounds for iterates, inverses, spectral variation and fields of values of "
    "non-normal matrices, Numer. Math. 4, 24 (1962); L. N. Trefethen and M. Embree, Spectra and "
    "Pseudospectra, Princeton University Press (2005)",
}))
