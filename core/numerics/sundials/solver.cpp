#include "sundials/solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "batch.hpp"

namespace dynkit {
namespace {

// One trajectory after the other through the same solver.
class OneByOne {
 public:
  OneByOne(VectorField& field, const IntegrationOptions& options, const Trajectories& all)
      : options_(options), all_(all), info_(field.info()) {
    IntegrationOptions own = options;
    if (options.keep_going) own.keep_going = [this](double) { return keep_going(); };
    const bool multistep = options.method == Method::adams || options.method == Method::bdf;
    solver_ = multistep ? sundials::make_cvodes(field, own) : sundials::make_arkode(field, own);
  }

  void run(std::int64_t s) {
    const std::int64_t n = info_.n;
    const double* x0 = all_.x0.data + s * all_.x0.stride;
    std::copy(x0, x0 + n, row(s, 0));
    if (!std::all_of(x0, x0 + n, [](double x) { return std::isfinite(x); })) {
      finish(all_, n, s, 1, DK_NOT_FINITE, std::numeric_limits<double>::quiet_NaN());
      return;
    }
    std::int64_t k = 0;
    sample_ = s;
    last_time_ = all_.times[0];
    left_ = options_.max_steps;
    std::int32_t outcome = DK_REACHED_END;
    while (k + 1 < all_.T && outcome == DK_REACHED_END) outcome = run_input(s, k);
    finish(all_, n, s, k + 1, outcome, last_time_);
  }

  const IntegrationCounts& counts() const { return counts_; }

 private:
  bool keep_going() const {
    const double first = all_.times[0], last = all_.times[all_.T - 1];
    const double share = std::min(1.0, (solver_->time() - first) / (last - first));
    return options_.keep_going(static_cast<double>(sample_) + share);
  }

  double* row(std::int64_t s, std::int64_t k) { return all_.states + (s * all_.T + k) * info_.n; }
  // As long as the input of row k is in force; k becomes the last row written.
  std::int32_t run_input(std::int64_t s, std::int64_t& k) {
    const std::int64_t until = end_of_input(all_, info_.m, s, k);
    solver_->restart(all_.times[k], row(s, k), input_row(all_, info_.m, s, k));
    std::int32_t outcome = DK_REACHED_END;
    while (k < until && outcome == DK_REACHED_END) {
      const std::int64_t left = left_ - solver_->counts().accepted;
      outcome = solver_->advance(all_.times[k + 1], all_.times[until], left);
      last_time_ = solver_->time();
      if (outcome == DK_REACHED_END) std::copy_n(solver_->state(), info_.n, row(s, ++k));
    }
    const IntegrationCounts own = solver_->counts();
    left_ -= own.accepted;
    counts_.accepted += own.accepted;
    counts_.rejected += own.rejected;
    counts_.evaluations += own.evaluations;
    return outcome;
  }

  const IntegrationOptions& options_;
  const Trajectories& all_;
  const FieldInfo info_;
  std::unique_ptr<sundials::OdeSolver> solver_;
  IntegrationCounts counts_;
  std::int64_t sample_ = 0;  // on the way
  std::int64_t left_ = 0;    // steps
  double last_time_ = 0.0;   // of a valid state
};

}  // namespace

IntegrationCounts run_sundials(VectorField& field, const IntegrationOptions& options,
                               const Trajectories& trajectories) {
  OneByOne one(field, options, trajectories);
  for (std::int64_t s = 0; s < trajectories.S; ++s) one.run(s);
  return one.counts();
}

}  // namespace dynkit
