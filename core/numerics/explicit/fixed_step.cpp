// Explicit Runge-Kutta with equal steps from each time to the next, so that no interpolant is
// needed and the order is the method's own.
#include <cmath>
#include <limits>
#include <vector>

#include "batch.hpp"
#include "dynkit/core/steps.hpp"
#include "explicit/adaptive.hpp"
#include "explicit/stages.hpp"
#include "poll.hpp"
#include "survivors.hpp"

namespace dynkit {
namespace {

// One block of trajectories, which all take the same steps.
class FixedBlock {
 public:
  FixedBlock(VectorField& field, const Tableau& tableau, const FieldInfo& info,
             const Trajectories& all, std::int64_t lanes)
      : field_(field),
        tableau_(tableau),
        info_(info),
        all_(all),
        batch_(info, info.columns, lanes, tableau.step_stages + 2),
        t_(static_cast<std::size_t>(batch_.width(lanes))),
        h_(static_cast<std::size_t>(batch_.width(lanes))) {
    for (int j = 0; j < tableau.step_stages; ++j) {
      stages_[static_cast<std::size_t>(j)] = batch_.array(j);
    }
    x_ = batch_.array(tableau.step_stages);
    argument_ = batch_.array(tableau.step_stages + 1);
  }

  IntegrationCounts run(const IntegrationOptions& options, std::int64_t begin, std::int64_t count) {
    Survivors survivors(all_, info_.n, batch_, begin, count);
    survivors.load(x_);
    IntegrationCounts counts;
    const std::int64_t before = batch_.evaluations();
    left_ = static_cast<double>(options.max_steps);
    t_now_ = all_.times[0];
    Poll poll(options.keep_going, [&] { return survivors.done(t_now_); });
    for (std::int64_t k = 0; k + 1 < all_.T && survivors.any(); ++k) {
      for (std::int64_t l = 0; l < count; ++l) {
        batch_.load_input(l, input_row(all_, info_.m, begin + l, k));
      }
      const std::int32_t outcome = fill_interval(options, survivors, count, k, counts, poll);
      if (outcome != DK_REACHED_END) survivors.end_all(outcome);
      survivors.write(x_, k + 1);
    }
    survivors.end_all(DK_REACHED_END);
    counts.evaluations = batch_.evaluations() - before;
    return counts;
  }

 private:
  // From time k to time k+1. Returns why it ended.
  std::int32_t fill_interval(const IntegrationOptions& options, Survivors& survivors,
                             std::int64_t count, std::int64_t k, IntegrationCounts& counts,
                             Poll& poll) {
    const double t0 = all_.times[k], t1 = all_.times[k + 1];
    const double steps = steps_in(t1 - t0, options.step), h = (t1 - t0) / steps;
    for (double i = 0.0; i < steps && survivors.any(); i += 1.0, left_ -= 1.0) {
      if (left_ < 1.0) return DK_TOO_MANY_STEPS;
      if (!step(count, t0 + i * h, h, poll)) return DK_STOPPED;
      counts.accepted += survivors.count();
      t_now_ = i + 1.0 < steps ? t0 + (i + 1.0) * h : t1;
      survivors.check(x_, t_now_);
    }
    return DK_REACHED_END;
  }

  // False: stopped on the way, and x is as before.
  bool step(std::int64_t count, double t, double h, Poll& poll) {
    for (double& time : t_) time = t;
    for (double& step : h_) step = h;
    std::copy(t_.begin(), t_.begin() + count, batch_.times());
    batch_.evaluate(field_, count, x_, stages_[0]);
    if (poll.stops() || !fill_stages(batch_, field_, tableau_, 1, tableau_.step_stages, count,
                                     t_.data(), h_.data(), x_, stages_.data(), argument_, poll)) {
      return false;
    }
    const StageTerms b(tableau_.b(), stages_.data());
    kernels().combine(batch_.shape(count), h_.data(), x_, b.terms(), x_);
    return true;
  }

  VectorField& field_;
  const Tableau& tableau_;
  const FieldInfo info_;
  const Trajectories& all_;
  Batch batch_;
  std::vector<double> t_, h_;
  std::array<double*, kMaxStages> stages_{};
  double* x_ = nullptr;
  double* argument_ = nullptr;
  double left_ = 0.0;   // steps that may still be tried
  double t_now_ = 0.0;  // of the last step
};

}  // namespace

IntegrationCounts run_fixed(VectorField& field, const Tableau& tableau,
                            const IntegrationOptions& options, const Trajectories& trajectories) {
  const FieldInfo info = field.info();
  const std::int64_t lanes = Batch::lanes_for(info, trajectories.S, tableau.step_stages + 2);
  IntegrationCounts counts;
  if (trajectories.S == 0) return counts;
  FixedBlock block(field, tableau, info, trajectories, lanes);
  for (std::int64_t begin = 0; begin < trajectories.S; begin += lanes) {
    const std::int64_t count = std::min(lanes, trajectories.S - begin);
    const IntegrationCounts own = block.run(options, begin, count);
    counts.accepted += own.accepted;
    counts.evaluations += own.evaluations;
  }
  return counts;
}

}  // namespace dynkit
