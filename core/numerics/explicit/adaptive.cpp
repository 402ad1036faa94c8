// Explicit Runge-Kutta with error control for each trajectory.
//
// A batch of lanes advances in lockstep through the stages of a step, each lane with its own time
// and step size. A lane whose step is rejected tries again with the rest of the next round; a lane
// whose trajectory ends takes the next one, or, when none is left, the last lane takes its place.
// So every evaluation works on useful lanes only, and no trajectory sees the others.
//
// First step and controller as in E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary
// Differential Equations I", 2nd ed. (Springer, 1993), section II.4, with the root mean square
// over the components as norm.
#include "explicit/adaptive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "batch.hpp"
#include "dynkit/core/steps.hpp"
#include "explicit/dense.hpp"
#include "explicit/lanes.hpp"
#include "explicit/stages.hpp"
#include "poll.hpp"

namespace dynkit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Start { no, same_step, new_trajectory };

// The trajectory in a lane.
struct Lane {
  std::int64_t sample = 0;
  std::int64_t next = 0;    // first time not yet written
  std::int64_t input = 0;   // row of the inputs in force
  std::int64_t until = 0;   // time where another row takes over, or the last
  Start start = Start::no;  // what its first stage waits for
};

class AdaptiveRun {
 public:
  AdaptiveRun(VectorField& field, const Tableau& tableau, const IntegrationOptions& options,
              const Trajectories& trajectories)
      : field_(field),
        tableau_(tableau),
        options_(options),
        all_(trajectories),
        info_(field.info()),
        batch_(info_, info_.columns,
               Batch::lanes_for(info_, trajectories.S, tableau.step_stages + 4),
               tableau.step_stages + 4),
        lanes_(batch_.lanes()),
        dense_(info_, info_.columns, tableau, batch_.lanes()),
        lane_(static_cast<std::size_t>(batch_.lanes())),
        mask_(static_cast<std::size_t>(batch_.width(batch_.lanes()))),
        poll_(options.keep_going, [this] { return done(); }) {
    const int s = tableau.step_stages;
    for (int j = 0; j <= s; ++j) stages_[static_cast<std::size_t>(j)] = batch_.array(j);
    x_ = batch_.array(s + 1);
    x_new_ = batch_.array(s + 2);
    argument_ = batch_.array(s + 3);
    span_ = all_.times[all_.T - 1] - all_.times[0];
    lanes_.state.max_tries = static_cast<double>(options.max_steps);
    lanes_.state.h_floor = smallest_step(0.0, span_);
  }

  IntegrationCounts run() {
    while (active_ < batch_.lanes() && admit(active_)) ++active_;
    while (active_ > 0) {
      if (!step()) stop();
    }
    counts_.evaluations = batch_.evaluations() + dense_.evaluations();
    return counts_;
  }

 private:
  // False: stopped on the way, with states and times those before the step.
  bool step() {
    if (starting_ && !start_lanes()) return false;
    if (!try_step()) return false;
    judge();
    if (!write_outputs()) return false;
    commit();
    settle();
    return true;
  }

  double done() const {
    double sum = static_cast<double>(waiting_ - active_);
    for (std::int64_t l = 0; l < active_; ++l) {
      sum += (lanes_.state.t[l] - all_.times[0]) / span_;
    }
    return sum;
  }

  Lane& lane(std::int64_t l) { return lane_[static_cast<std::size_t>(l)]; }
  const double* input(std::int64_t sample, std::int64_t k) const {
    return input_row(all_, info_.m, sample, k);
  }

  void use_input(std::int64_t l, std::int64_t k, Start start) {
    Lane& my = lane(l);
    my.input = k;
    my.until = end_of_input(all_, info_.m, my.sample, k);
    my.start = start;
    starting_ = true;
    lanes_.state.stop[l] = all_.times[my.until];
    batch_.load_input(l, input(my.sample, k));
  }

  // Puts the next trajectory that has a way to go into lane l; false: none is left.
  bool admit(std::int64_t l) {
    const std::int64_t n = info_.n;
    while (waiting_ < all_.S) {
      const std::int64_t s = waiting_++;
      const double* x0 = all_.x0.data + s * all_.x0.stride;
      std::copy(x0, x0 + n, all_.states + s * all_.T * n);
      if (!std::all_of(x0, x0 + n, [](double x) { return std::isfinite(x); })) {
        finish(all_, n, s, 1, DK_NOT_FINITE, std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      if (all_.T == 1) {
        finish(all_, n, s, 1, DK_REACHED_END, all_.times[0]);
        continue;
      }
      lane(l) = {s, 1, 0, 0, Start::no};
      lanes_.start(l, all_.times[0], options_.step);
      lanes_.state.watch[l] = all_.times[1];
      batch_.load(l, x0, x_);
      use_input(l, 0, Start::new_trajectory);
      return true;
    }
    return false;
  }

  // First stages of lanes that have none, and first steps of new trajectories. False: stopped.
  bool start_lanes() {
    const Kernels& kernel = kernels();
    bool steps = false;
    for (std::int64_t l = 0; l < active_; ++l) {
      mask_[static_cast<std::size_t>(l)] = lane(l).start != Start::no ? 1.0 : 0.0;
      steps = steps || (lane(l).start == Start::new_trajectory && options_.step == 0.0);
    }
    std::copy(lanes_.state.t, lanes_.state.t + active_, batch_.times());
    batch_.evaluate(field_, active_, x_, stages_[1]);
    if (poll_.stops()) return false;
    kernel.select(batch_.shape(active_), mask_.data(), stages_[1], stages_[0]);
    if (steps) choose_steps();
    for (std::int64_t l = 0; l < active_; ++l) lane(l).start = Start::no;
    starting_ = false;
    return !poll_.stops();
  }

  // Root mean square of a / (atol + rtol |x|) of a lane, less b where given.
  double norm(std::int64_t l, const double* a, const double* b) const {
    double sum = 0.0;
    for (std::int64_t i = 0; i < info_.n; ++i) {
      const double scale = options_.atol + options_.rtol * std::abs(batch_.at(x_, l, i));
      const double value = batch_.at(a, l, i) - (b != nullptr ? batch_.at(b, l, i) : 0.0);
      sum += value / scale * (value / scale);
    }
    return std::sqrt(sum / static_cast<double>(info_.n));
  }

  // Lanes that do not start take a step of length 0 here.
  void choose_steps() {
    double* h = lanes_.state.h;
    const auto starts = [this](std::int64_t l) { return lane(l).start == Start::new_trajectory; };
    for (std::int64_t l = 0; l < active_; ++l) {
      const double size = norm(l, x_, nullptr), slope = norm(l, stages_[0], nullptr);
      h[l] = size > 1e-5 && slope > 1e-5 ? 0.01 * size / slope : 1e-6 * span_;
      h[l] = starts(l) ? std::min(h[l], span_) : 0.0;
    }
    const Kernels& kernel = kernels();
    const double one = 1.0;
    const double* slope = stages_[0];
    kernel.combine(batch_.shape(active_), h, x_, {1, &one, &slope}, argument_);
    kernel.stage_times(batch_.width(active_), lanes_.state.t, 1.0, h, batch_.times());
    batch_.evaluate(field_, active_, argument_, stages_[1]);
    for (std::int64_t l = 0; l < active_; ++l) {
      if (!starts(l)) continue;
      const double bend = norm(l, stages_[1], stages_[0]) / h[l];
      const double most = std::max(bend, norm(l, stages_[0], nullptr));
      const double step = most > 1e-15 ? std::pow(0.01 / most, 1.0 / tableau_.order)
                                       : std::max(1e-6 * span_, 1e-3 * h[l]);
      const double chosen = std::min({100.0 * h[l], step, span_});
      lanes_.state.h_next[l] = chosen > 0.0 ? chosen : 1e-6 * span_;  // NaN: judged by the step
    }
  }

  bool try_step() {
    const Kernels& kernel = kernels();
    const LaneState& state = lanes_.state;
    const int s = tableau_.step_stages;
    double* at_new = stages_[static_cast<std::size_t>(s)];
    kernel.begin_step(batch_.width(active_), state);
    if (!fill_stages(batch_, field_, tableau_, 1, s, active_, state.t, state.h, x_, stages_.data(),
                     argument_, poll_)) {
      return false;
    }
    kernel.combine(batch_.shape(active_), state.h, x_,
                   StageTerms(tableau_.b(), stages_.data()).terms(), x_new_);
    std::copy(state.t_new, state.t_new + active_, batch_.times());
    batch_.evaluate(field_, active_, x_new_, at_new);
    return !poll_.stops();
  }

  void judge() {
    const Kernels& kernel = kernels();
    const Shape shape = batch_.shape(active_);
    const LaneState& state = lanes_.state;
    kernel.error_sums(shape, x_, x_new_, options_.rtol, options_.atol,
                      StageTerms(tableau_.error, stages_.data()).terms(), state.sum);
    if (tableau_.error2.count > 0) {
      kernel.error_sums(shape, x_, x_new_, options_.rtol, options_.atol,
                        StageTerms(tableau_.error2, stages_.data()).terms(), state.sum2);
    }
    kernel.control(batch_.width(active_), tableau_.controller, static_cast<double>(info_.n), state);
    events_.clear();
    std::int64_t accepted = 0;
    for (std::int64_t l = 0; l < active_; ++l) {
      accepted += state.accept[l] != 0.0 ? 1 : 0;
      if (state.event[l] != 0.0) events_.push_back(l);
    }
    counts_.accepted += accepted;
    counts_.rejected += active_ - accepted;
  }

  // All rows up to the new times.
  bool write_outputs() {
    const LaneState& state = lanes_.state;
    within_.clear();
    for (const std::int64_t l : events_) {
      if (state.accept[l] != 0.0 && state.watch[l] < state.t_new[l]) within_.push_back(l);
    }
    if (!dense_.prepare(field_, batch_, active_, within_, {state.t, state.h, x_, stages_.data()},
                        poll_)) {
      return false;
    }
    std::int64_t index = 0;  // in within_
    for (const std::int64_t l : events_) {
      if (state.accept[l] == 0.0) continue;
      Lane& my = lane(l);
      const bool within = state.watch[l] < state.t_new[l];
      for (; my.next < all_.T && all_.times[my.next] <= state.t_new[l]; ++my.next) {
        double* row = all_.states + (my.sample * all_.T + my.next) * info_.n;
        if (all_.times[my.next] == state.t_new[l]) {
          batch_.store(l, x_new_, row);
        } else {
          dense_.interpolate(index, (all_.times[my.next] - state.t[l]) / state.h[l], row);
        }
      }
      state.watch[l] = kInfinity;
      if (my.next < all_.T) state.watch[l] = all_.times[my.next];
      index += within ? 1 : 0;
    }
    return true;
  }

  void commit() {
    const Kernels& kernel = kernels();
    const Shape shape = batch_.shape(active_);
    const LaneState& state = lanes_.state;
    const std::int64_t width = batch_.width(active_);
    kernel.select(shape, state.accept, x_new_, x_);
    kernel.select(shape, state.accept, stages_[static_cast<std::size_t>(tableau_.step_stages)],
                  stages_[0]);
    kernel.select({1, width, width, true}, state.accept, state.t_new, state.t);
  }

  // Lanes where something ended: an input, a trajectory, the hope of going on. From the last to the
  // first, since the last lane may take the place of one that leaves.
  void settle() {
    const LaneState& state = lanes_.state;
    for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
      const std::int64_t l = *event;
      const bool landed = state.accept[l] != 0.0 && state.landing[l] != 0.0;
      if (landed && lane(l).until == all_.T - 1) {
        leave(l, DK_REACHED_END);
      } else if (state.tries[l] >= state.max_tries) {
        leave(l, DK_TOO_MANY_STEPS);
      } else if (state.h_next[l] < state.h_min[l]) {
        leave(l, state.finite[l] != 0.0 ? DK_STEP_TOO_SMALL : DK_NOT_FINITE);
      } else if (landed) {
        use_input(l, lane(l).until, Start::same_step);
      }
    }
  }

  void leave(std::int64_t l, std::int32_t outcome) {
    finish(all_, info_.n, lane(l).sample, lane(l).next, outcome, lanes_.state.t[l]);
    if (admit(l)) return;
    const std::int64_t last = --active_;
    if (l == last) return;
    lane(l) = lane(last);
    lanes_.copy(last, l);
    batch_.take(batch_, last, x_, l, x_);
    batch_.take(batch_, last, stages_[0], l, stages_[0]);
    batch_.take_input(batch_, last, l);
  }

  void stop() {
    for (std::int64_t l = 0; l < active_; ++l) {
      finish(all_, info_.n, lane(l).sample, lane(l).next, DK_STOPPED, lanes_.state.t[l]);
    }
    active_ = 0;
    for (; waiting_ < all_.S; ++waiting_) {
      const double* x0 = all_.x0.data + waiting_ * all_.x0.stride;
      std::copy(x0, x0 + info_.n, all_.states + waiting_ * all_.T * info_.n);
      finish(all_, info_.n, waiting_, 1, DK_STOPPED, all_.times[0]);
    }
  }

  VectorField& field_;
  const Tableau& tableau_;
  const IntegrationOptions& options_;
  const Trajectories& all_;
  const FieldInfo info_;
  Batch batch_;
  LaneArrays lanes_;
  DenseOutput dense_;
  std::vector<Lane> lane_;
  std::vector<double> mask_;
  std::vector<std::int64_t> events_;  // lanes to look at after a step
  std::vector<std::int64_t> within_;  // those with an output before the end of the step
  std::array<double*, kMaxStages> stages_{};
  double* x_ = nullptr;
  double* x_new_ = nullptr;
  double* argument_ = nullptr;
  double span_ = 0.0;
  std::int64_t active_ = 0;   // lanes in use: the first ones
  std::int64_t waiting_ = 0;  // next trajectory to start
  bool starting_ = false;     // some lane has no first stage
  Poll poll_;
  IntegrationCounts counts_;
};

}  // namespace

IntegrationCounts run_adaptive(VectorField& field, const Tableau& tableau,
                               const IntegrationOptions& options,
                               const Trajectories& trajectories) {
  if (trajectories.S == 0) return {};
  return AdaptiveRun(field, tableau, options, trajectories).run();
}

}  // namespace dynkit
