// Stochastic systems.
//
// Euler-Maruyama for dx = f dt + G dW in the sense of Ito, with strong order 1/2 (1 where G does
// not depend on x) and weak order 1:
//
//     x_new = x + f(x) h + G(x) dW                                                     (1)
//
// Heun for the same equation in the sense of Stratonovich, strong order 1 where the noise is
// commutative (1/2 otherwise):
//
//     y = x + f(x) h + G(x) dW,     x_new = x + (f(x) + f(y)) h/2 + (G(x) + G(y)) dW/2   (2)
//
// P. E. Kloeden and E. Platen, "Numerical Solution of Stochastic Differential Equations" (Springer,
// 1992); W. Rümelin, "Numerical treatment of stochastic differential equations", SIAM J. Numer.
// Anal. 19, 604 (1982).
//
//   x [n] state   G [n,w] amplitude, [n] if diagonal   dW = sqrt(h) xi, xi ~ N(0, I_w)
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "batch.hpp"
#include "dynkit/core/steps.hpp"
#include "field.hpp"
#include "poll.hpp"
#include "survivors.hpp"

namespace dynkit {
namespace {

// Normal numbers are drawn for this many steps at a time, so that a source may work in blocks.
constexpr std::int64_t kStepsPerDraw = 64;

// One block of trajectories, in rows, since amplitudes come in rows.
class NoisyBlock {
 public:
  NoisyBlock(VectorField& field, NoiseField& noise, NormalSource& normals, const Trajectories& all,
             std::int64_t lanes)
      : field_(field),
        noise_(noise),
        normals_(normals),
        all_(all),
        info_(field.info()),
        noise_info_(noise.info()),
        diagonal_(noise_info_.kind == DK_DIAGONAL),
        numbers_(diagonal_ ? info_.n : info_.n * noise_info_.w),
        batch_(info_, false, lanes, 4),
        h_(static_cast<std::size_t>(batch_.width(lanes))),
        G_(static_cast<std::size_t>(lanes * numbers_)),
        G_end_(G_.size()),
        xi_(static_cast<std::size_t>(lanes * kStepsPerDraw * noise_info_.w)) {}

  double* x() { return batch_.array(0); }
  const Batch& batch() const { return batch_; }
  const FieldInfo& info() const { return info_; }

  void load_inputs(std::int64_t begin, std::int64_t count, std::int64_t k) {
    for (std::int64_t l = 0; l < count; ++l) {
      batch_.load_input(l, input_row(all_, info_.m, begin + l, k));
    }
  }

  // Numbers for the next `steps` steps, at most kStepsPerDraw.
  void draw(std::int64_t begin, std::int64_t count, std::int64_t steps) {
    for (std::int64_t l = 0; l < count; ++l) {
      normals_.draw(all_.first + begin + l, steps * noise_info_.w, xi(l, 0));
    }
  }

  // (1), with the numbers drawn for step i.
  void euler_maruyama(std::int64_t count, double t, double h, std::int64_t i) {
    set_time(count, t);
    batch_.evaluate(field_, count, x(), slope());
    amplitude(count, x(), G_, nullptr);
    for (std::int64_t l = 0; l < count; ++l) advance(l, h, i, x(), x());
  }

  // (2)
  void heun(std::int64_t count, double t, double h, std::int64_t i) {
    double *y = batch_.array(2), *slope_end = batch_.array(3);
    set_time(count, t);
    batch_.evaluate(field_, count, x(), slope());
    amplitude(count, x(), G_, nullptr);
    for (std::int64_t l = 0; l < count; ++l) advance(l, h, i, x(), y);
    set_time(count, t + h);
    batch_.evaluate(field_, count, y, slope_end);
    amplitude(count, y, G_end_, nullptr);
    for (std::size_t j = 0; j < G_.size(); ++j) G_[j] = 0.5 * (G_[j] + G_end_[j]);
    for (std::int64_t l = 0; l < count; ++l) {
      for (std::int64_t c = 0; c < info_.n; ++c) {
        double& mean = batch_.at(slope(), l, c);
        mean = 0.5 * (mean + batch_.at(slope_end, l, c));
      }
      advance(l, h, i, x(), x());
    }
  }

  // x_new = F + G xi
  void map_step(std::int64_t count, double t, double h) {
    set_time(count, t);
    std::fill(h_.begin(), h_.end(), h);
    batch_.evaluate(field_, count, x(), slope(), h_.data());
    amplitude(count, x(), G_, h_.data());
    for (std::int64_t l = 0; l < count; ++l) {
      for (std::int64_t c = 0; c < info_.n; ++c) {
        batch_.at(x(), l, c) = batch_.at(slope(), l, c) + kick(l, 0, c);
      }
    }
  }

  std::int64_t evaluations() const { return batch_.evaluations(); }

 private:
  double* slope() { return batch_.array(1); }
  double* xi(std::int64_t lane, std::int64_t step) {
    return xi_.data() + (lane * kStepsPerDraw + step) * noise_info_.w;
  }

  void set_time(std::int64_t count, double t) {
    std::fill(batch_.times(), batch_.times() + count, t);
  }

  void amplitude(std::int64_t count, const double* x, std::vector<double>& G, const double* h) {
    evaluate_noise(noise_, numbers_, batch_.points(count, x, h), {G.data(), numbers_});
  }

  // (G xi)_c of a lane.
  double kick(std::int64_t lane, std::int64_t step, std::int64_t c) {
    const double* G = G_.data() + lane * numbers_;
    const double* numbers = xi(lane, step);
    if (diagonal_) return G[c] * numbers[c];
    double sum = 0.0;
    for (std::int64_t j = 0; j < noise_info_.w; ++j) sum += G[c * noise_info_.w + j] * numbers[j];
    return sum;
  }

  // to = from + slope h + G dW
  void advance(std::int64_t lane, double h, std::int64_t step, const double* from, double* to) {
    const double root = std::sqrt(h);
    for (std::int64_t c = 0; c < info_.n; ++c) {
      batch_.at(to, lane, c) =
          batch_.at(from, lane, c) + h * batch_.at(slope(), lane, c) + root * kick(lane, step, c);
    }
  }

  VectorField& field_;
  NoiseField& noise_;
  NormalSource& normals_;
  const Trajectories& all_;
  const FieldInfo info_;
  const dk_noise_info noise_info_;
  const bool diagonal_;
  const std::int64_t numbers_;  // of G in a lane
  Batch batch_;
  std::vector<double> h_, G_, G_end_, xi_;
};

void check_calculus(const dk_noise_info& noise, Method method) {
  if (method != Method::euler_maruyama && method != Method::heun) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("method '{}' does not take noise: 'euler_maruyama' and 'heun' do",
                            method_name(method)));
  }
  if (noise.kind == DK_ADDITIVE) return;
  const bool ito = noise.calculus == DK_ITO;
  if (ito != (method == Method::euler_maruyama)) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("method '{}' converges to the {} solution, but the noise is declared "
                            "as {}: use '{}'",
                            method_name(method), ito ? "Stratonovich" : "Ito",
                            ito ? "Ito" : "Stratonovich", ito ? "euler_maruyama" : "heun"));
  }
}

void check_noise(const dk_noise_info& noise, std::int64_t n) {
  const bool known = noise.kind >= DK_ADDITIVE && noise.kind <= DK_GENERAL;
  if (!known || noise.w < 1 || (noise.kind == DK_DIAGONAL && noise.w != n)) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("noise of kind {} with {} processes does not fit {} "
                                               "states",
                                               noise.kind, noise.w, n));
  }
}

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
std::int32_t fill_interval(NoisyBlock& block, Survivors& survivors, const Trajectories& all,
                           const IntegrationOptions& options, std::int64_t begin,
                           std::int64_t count, std::int64_t k, Progress& progress) {
  const double interval = all.times[k + 1] - all.times[k];
  const double steps = steps_in(interval, options.step), h = interval / steps;
  std::int64_t drawn = 0, used = 0;
  for (double i = 0.0; i < steps && survivors.any(); i += 1.0, ++used, progress.left -= 1.0) {
    if (progress.left < 1.0) return DK_TOO_MANY_STEPS;
    if (progress.poll.stops()) return DK_STOPPED;
    if (used == drawn) {
      drawn = static_cast<std::int64_t>(std::min(steps - i, double{kStepsPerDraw}));
      used = 0;
      block.draw(begin, count, drawn);
    }
    const double t = all.times[k] + i * h;
    if (options.method == Method::heun) {
      block.heun(count, t, h, used);
    } else {
      block.euler_maruyama(count, t, h, used);
    }
    progress.t = i + 1.0 < steps ? t + h : all.times[k + 1];
    survivors.check(block.x(), progress.t);
  }
  return DK_REACHED_END;
}

}  // namespace

IntegrationCounts simulate_noisy_flow(VectorField& field, NoiseField& noise, NormalSource& normals,
                                      const IntegrationOptions& options, const Trajectories& all) {
  check_trajectories(all);
  check_options(options);
  check_noise(noise.info(), field.info().n);
  check_calculus(noise.info(), options.method);
  const std::int64_t lanes = Batch::lanes_for({}, all.S, 4);
  NoisyBlock block(field, noise, normals, all, lanes);
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

IntegrationCounts simulate_noisy_map(VectorField& field, NoiseField& noise, NormalSource& normals,
                                     const Trajectories& all, const KeepGoing& keep_going) {
  check_trajectories(all);
  check_noise(noise.info(), field.info().n);
  const std::int64_t lanes = Batch::lanes_for({}, all.S, 4);
  NoisyBlock block(field, noise, normals, all, lanes);
  IntegrationCounts counts;
  for (std::int64_t begin = 0; begin < all.S; begin += lanes) {
    const std::int64_t count = std::min(lanes, all.S - begin);
    Survivors survivors(all, block.info().n, block.batch(), begin, count);
    survivors.load(block.x());
    std::int64_t k = 0;
    Poll poll(keep_going, [&] { return survivors.done(all.times[k + 1]); });
    for (; k + 1 < all.T && survivors.any(); ++k) {
      block.load_inputs(begin, count, k);
      block.draw(begin, count, 1);
      block.map_step(count, all.times[k], all.times[k + 1] - all.times[k]);
      counts.accepted += survivors.count();
      survivors.check(block.x(), all.times[k + 1]);
      survivors.write(block.x(), k + 1);
      if (poll.stops()) survivors.end_all(DK_STOPPED);
    }
    survivors.end_all(DK_REACHED_END);
  }
  counts.evaluations = block.evaluations();
  return counts;
}

}  // namespace dynkit
