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

#include "field.hpp"
#include "poll.hpp"
#include "random_steps.hpp"
#include "survivors.hpp"

namespace dynkit {
namespace {

// One block of trajectories.
class NoisyBlock : public RandomBlock {
 public:
  NoisyBlock(VectorField& field, NoiseField& noise, NormalSource& normals, Method method,
             const Trajectories& all)
      : RandomBlock(field.info(), &normals, noise.info().w, all, 4),
        field_(field),
        noise_(noise),
        method_(method),
        noise_info_(noise.info()),
        diagonal_(noise_info_.kind == DK_DIAGONAL),
        numbers_(diagonal_ ? info_.n : info_.n * noise_info_.w),
        h_(static_cast<std::size_t>(batch_.width(batch_.lanes()))),
        G_(static_cast<std::size_t>(batch_.lanes() * numbers_)),
        G_end_(G_.size()) {}

  void step(std::int64_t count, double t, double, double h, std::int64_t i) override {
    if (method_ == Method::heun) {
      heun(count, t, h, i);
    } else {
      euler_maruyama(count, t, h, i);
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

 private:
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

  double* slope() { return batch_.array(1); }

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
  const Method method_;
  const dk_noise_info noise_info_;
  const bool diagonal_;
  const std::int64_t numbers_;  // of G in a lane
  std::vector<double> h_, G_, G_end_;
};

void check_calculus(const dk_noise_info& noise, Method method) {
  if (method == Method::baoab) {
    throw Error(DK_UNSUPPORTED, "method 'baoab' needs a second-order system");
  }
  if (method != Method::euler_maruyama && method != Method::heun) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("method '{}' does not take noise: 'euler_maruyama' and 'heun' do, and "
                            "'baoab' for second-order systems",
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

}  // namespace

IntegrationCounts simulate_noisy_flow(VectorField& field, NoiseField& noise, NormalSource& normals,
                                      const IntegrationOptions& options, const Trajectories& all) {
  check_trajectories(all);
  check_options(options);
  check_noise(noise.info(), field.info().n);
  check_calculus(noise.info(), options.method);
  NoisyBlock block(field, noise, normals, options.method, all);
  return run_random_steps(block, options, all);
}

IntegrationCounts simulate_noisy_map(VectorField& field, NoiseField& noise, NormalSource& normals,
                                     const Trajectories& all, const KeepGoing& keep_going) {
  check_trajectories(all);
  check_noise(noise.info(), field.info().n);
  NoisyBlock block(field, noise, normals, Method::euler_maruyama, all);
  const std::int64_t lanes = block.batch().lanes();
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
