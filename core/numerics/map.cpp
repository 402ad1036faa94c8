// Iterated maps.
#include <algorithm>
#include <utility>

#include "batch.hpp"
#include "field.hpp"
#include "poll.hpp"
#include "survivors.hpp"

namespace dynkit {
namespace {

// h [width] holds the step's length for every lane.
void set_times(Batch& batch, std::vector<double>& h, std::int64_t count, const Trajectories& all,
               std::int64_t k) {
  std::fill(h.begin(), h.end(), all.times[k + 1] - all.times[k]);
  std::fill(batch.times(), batch.times() + count, all.times[k]);
}

}  // namespace

IntegrationCounts simulate_map(VectorField& field, const Trajectories& all,
                               const KeepGoing& keep_going) {
  check_trajectories(all);
  const FieldInfo info = field.info();
  const std::int64_t lanes = Batch::lanes_for(info, all.S, 2);
  Batch batch(info, info.columns, lanes, 2);
  std::vector<double> h(static_cast<std::size_t>(batch.width(lanes)));
  IntegrationCounts counts;
  for (std::int64_t begin = 0; begin < all.S; begin += lanes) {
    const std::int64_t count = std::min(lanes, all.S - begin);
    double *x = batch.array(0), *next = batch.array(1);
    Survivors survivors(all, info.n, batch, begin, count);
    survivors.load(x);
    std::int64_t k = 0;
    Poll poll(keep_going, [&] { return survivors.done(all.times[k + 1]); });
    for (; k + 1 < all.T && survivors.any(); ++k) {
      set_times(batch, h, count, all, k);
      for (std::int64_t l = 0; l < count; ++l) {
        batch.load_input(l, input_row(all, info.m, begin + l, k));
      }
      batch.evaluate(field, count, x, next, h.data());
      std::swap(x, next);
      counts.accepted += survivors.count();
      survivors.check(x, all.times[k + 1]);
      survivors.write(x, k + 1);
      if (poll.stops()) survivors.end_all(DK_STOPPED);
    }
    survivors.end_all(DK_REACHED_END);
  }
  counts.evaluations = batch.evaluations();
  return counts;
}

}  // namespace dynkit
