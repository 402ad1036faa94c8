#include "random_steps.hpp"

#include <algorithm>

#include "dynkit/core/steps.hpp"
#include "poll.hpp"
#include "survivors.hpp"

namespace dynkit {

RandomBlock::RandomBlock(const FieldInfo& info, NormalSource* normals, std::int64_t w,
                         const Trajectories& all, std::int64_t arrays)
    : all_(all),
      info_(info),
      batch_(info, false, Batch::lanes_for({}, all.S, arrays), arrays),
      normals_(normals),
      w_(normals != nullptr ? w : 0),
      xi_(static_cast<std::size_t>(batch_.lanes() * kStepsPerDraw * w_)) {}

void RandomBlock::load_inputs(std::int64_t begin, std::int64_t count, std::int64_t k) {
  for (std::int64_t l = 0; l < count; ++l) {
    batch_.load_input(l, input_row(all_, info_.m, begin + l, k));
  }
}

void RandomBlock::draw(std::int64_t begin, std::int64_t count, std::int64_t steps) {
  if (normals_ == nullptr) return;
  for (std::int64_t l = 0; l < count; ++l) {
    normals_->draw(all_.first + begin + l, steps * w_, xi_.data() + l * kStepsPerDraw * w_);
  }
}

void RandomBlock::begin_interval(std::int64_t, double, std::int64_t) {}

void RandomBlock::set_time(std::int64_t count, double t) {
  std::fill(batch_.times(), batch_.times() + count, t);
}

namespace {

// Progress of one block.
struct Progress {
  Progress(const IntegrationOptions& options, const Survivors& survivors, double start)
      : t(start),
        left(static_cast<double>(options.max_steps)),
        poll(options.keep_going, [&survivors, this] { return survivors.done(t); }) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  double t;     // of the last step
  double left;  // steps that may still be tried
  Poll poll;
};

// From time k to time k+1. Returns why it ended.
std::int32_t fill_interval(RandomBlock& block, Survivors& survivors, const Trajectories& all,
                           const IntegrationOptions& options, std::int64_t begin,
                           std::int64_t count, std::int64_t k, Progress& progress) {
  const double interval = all.times[k + 1] - all.times[k];
  const double steps = steps_in(interval, options.step), h = interval / steps;
  std::int64_t drawn = 0, used = 0;
  block.begin_interval(count, all.times[k], k);
  for (double i = 0.0; i < steps && survivors.any(); i += 1.0, ++used, progress.left -= 1.0) {
    if (progress.left < 1.0) return DK_TOO_MANY_STEPS;
    if (progress.poll.stops()) return DK_STOPPED;
    if (used == drawn) {
      drawn = static_cast<std::int64_t>(
          std::min(steps - i, static_cast<double>(RandomBlock::kStepsPerDraw)));
      used = 0;
      block.draw(begin, count, drawn);
    }
    const double t = all.times[k] + i * h;
    const double t_end = i + 1.0 < steps ? t + h : all.times[k + 1];
    block.step(count, t, t_end, h, used);
    progress.t = t_end;
    survivors.check(block.x(), progress.t);
  }
  return DK_REACHED_END;
}

}  // namespace

IntegrationCounts run_random_steps(RandomBlock& block, const IntegrationOptions& options,
                                   const Trajectories& all) {
  const std::int64_t lanes = block.batch().lanes();
  IntegrationCounts counts;
  for (std::int64_t begin = 0; begin < all.S; begin += lanes) {
    const std::int64_t count = std::min(lanes, all.S - begin);
    Survivors survivors(all, block.info().n, block.batch(), begin, count);
    survivors.load(block.x());
    Progress progress(options, survivors, all.times[0]);
    for (std::int64_t k = 0; k + 1 < all.T && survivors.any(); ++k) {
      block.load_inputs(begin, count, k);
      const std::int32_t outcome =
          fill_interval(block, survivors, all, options, begin, count, k, progress);
      if (outcome != DK_REACHED_END) survivors.end_all(outcome);
      survivors.write(block.x(), k + 1);
    }
    survivors.end_all(DK_REACHED_END);
    counts.accepted +=
        static_cast<std::int64_t>(static_cast<double>(options.max_steps) - progress.left) * count;
  }
  counts.evaluations = block.evaluations();
  return counts;
}

}  // namespace dynkit
