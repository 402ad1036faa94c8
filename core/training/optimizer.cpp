#include "optimizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

class GradientDescent : public Optimizer {
 public:
  GradientDescent(const OptimizerOptions& options, std::int64_t N) : momentum_(options.momentum) {
    if (momentum_ > 0.0) memory.first.resize(static_cast<std::size_t>(N));
  }

  void step(double eta, const std::vector<double>& gradient, const std::vector<double>&,
            std::vector<double>& values) override {
    ++memory.steps;
    for (std::size_t i = 0; i < values.size(); ++i) {
      double direction = gradient[i];
      if (momentum_ > 0.0) {
        direction = memory.first[i] = momentum_ * memory.first[i] + direction;
      }
      values[i] -= eta * direction;
    }
  }

 private:
  double momentum_;
};

class Adam : public Optimizer {
 public:
  Adam(const OptimizerOptions& options, std::int64_t N)
      : options_(options), rectified_(options.kind == "radam") {
    if (options.kind != "adamw") options_.weight_decay = 0.0;
    memory.first.resize(static_cast<std::size_t>(N));
    memory.second.resize(memory.first.size());
  }

  void step(double eta, const std::vector<double>& gradient, const std::vector<double>& decayed,
            std::vector<double>& values) override {
    const auto t = static_cast<double>(++memory.steps);
    const double first_bias = 1.0 - std::pow(options_.beta1, t);
    const double second_bias = std::sqrt(1.0 - std::pow(options_.beta2, t));
    const double rectification = rectified_ ? rectifier(t) : 1.0;
    const double decay = eta * options_.weight_decay;
    const double beta1 = options_.beta1, beta2 = options_.beta2;
    // PyTorch's radam adds it to sqrt(s_t) before the bias is taken out.
    const double epsilon = rectified_ ? options_.epsilon / second_bias : options_.epsilon;
    const double* __restrict g = gradient.data();
    const double* __restrict shrinks = decayed.data();
    double* __restrict m = memory.first.data();
    double* __restrict s = memory.second.data();
    double* __restrict v = values.data();
    const auto N = static_cast<std::int64_t>(values.size());
    for (std::int64_t i = 0; i < N; ++i) {
      m[i] = beta1 * m[i] + (1.0 - beta1) * g[i];
      s[i] = beta2 * s[i] + (1.0 - beta2) * g[i] * g[i];
      const double scale =
          rectification == 0.0 ? 1.0 : rectification / (std::sqrt(s[i]) / second_bias + epsilon);
      v[i] -= decay * shrinks[i] * v[i];
      v[i] -= eta * (m[i] / first_bias) * scale;
    }
  }

 private:
  // r_t of Liu et al., 0 where the variance of the rate is not tractable.
  double rectifier(double t) const {
    const double limit = 2.0 / (1.0 - options_.beta2) - 1.0;
    const double power = std::pow(options_.beta2, t);
    const double length = limit - 2.0 * t * power / (1.0 - power);
    if (length <= 5.0) return 0.0;
    return std::sqrt((length - 4.0) * (length - 2.0) * limit /
                     ((limit - 4.0) * (limit - 2.0) * length));
  }

  OptimizerOptions options_;
  bool rectified_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::int64_t N) {
  if (options.kind == "sgd") return std::make_unique<GradientDescent>(options, N);
  if (options.kind == "adam" || options.kind == "adamw" || options.kind == "radam") {
    return std::make_unique<Adam>(options, N);
  }
  throw Error(DK_SETTINGS,
              fmt::format("there is no optimizer '{}': choose one of sgd, adam, adamw, radam",
                          options.kind));
}

double norm_of(const std::vector<double>& gradient) {
  double sum = 0.0;
  for (const double g : gradient) sum += g * g;
  return std::sqrt(sum);
}

double clip_norm(double limit, std::vector<double>& gradient) {
  const double norm = norm_of(gradient);
  if (norm > limit) {
    for (double& g : gradient) g *= limit / norm;
  }
  return norm;
}

void clip_values(double limit, std::vector<double>& gradient) {
  for (double& g : gradient) g = std::clamp(g, -limit, limit);
}

}  // namespace dynkit::training
