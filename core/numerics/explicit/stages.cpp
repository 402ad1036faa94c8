#include "explicit/stages.hpp"

namespace dynkit {

bool fill_stages(Batch& batch, VectorField& field, const Tableau& tableau, int first, int last,
                 std::int64_t active, const double* t, const double* h, const double* x,
                 double* const* stages, double* argument, Poll& poll) {
  const Kernels& kernel = kernels();
  const Shape shape = batch.shape(active);
  for (int i = first; i < last; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const StageTerms row(tableau.a[at], stages);
    kernel.combine(shape, h, x, row.terms(), argument);
    kernel.stage_times(batch.width(active), t, tableau.c[at], h, batch.times());
    batch.evaluate(field, active, argument, stages[i]);
    if (poll.stops()) return false;
  }
  return true;
}

}  // namespace dynkit
