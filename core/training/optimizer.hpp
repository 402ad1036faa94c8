// First-order optimizers, schedules of their step size, and clipping.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dynkit::training {

struct OptimizerOptions {
  /// "sgd", "adam", "adamw", "radam".
  std::string kind = "adam";
  double momentum = 0.0;              // of sgd, in [0,1)
  double beta1 = 0.9, beta2 = 0.999;  // decay of the moments
  double epsilon = 1e-8;
  double weight_decay = 0.0;  // of adamw: values shrink by this share of the learning rate
};

/// Moves values [N] along a gradient g_t with the step size eta, t = 1, 2, ...:
///
///     sgd     b_t = momentum b_t-1 + g_t,   v -= eta b_t
///     adam    m_t = beta1 m_t-1 + (1 - beta1) g_t,   s_t = beta2 s_t-1 + (1 - beta2) g_t^2,
///             v -= eta (m_t / (1 - beta1^t)) / (sqrt(s_t / (1 - beta2^t)) + epsilon)
///     adamw   v -= eta weight_decay v, then as adam
///     radam   as adam where the variance of its rate is known, else by m_t alone
///
/// D. P. Kingma and J. Ba, ICLR 2015; I. Loshchilov and F. Hutter, ICLR 2019; L. Liu et al., ICLR
/// 2020, equations as in PyTorch's.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// `decayed` [N]: which values shrink, 1 or 0.
  virtual void step(double eta, const std::vector<double>& gradient,
                    const std::vector<double>& decayed, std::vector<double>& values) = 0;

  /// What it remembers: with it the next steps have the same bits.
  struct Memory {
    std::int64_t steps = 0;
    std::vector<double> first, second;  // moments [N], empty where it has none
  };
  Memory memory;
};

/// Throws Error (DK_SETTINGS) for an unknown kind, with those known.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::int64_t N);

/// Scales the gradient so that its Euclidean norm is at most `limit`. Returns the norm before.
double clip_norm(double limit, std::vector<double>& gradient);
double norm_of(const std::vector<double>& gradient);
/// Moves every element into [-limit, limit].
void clip_values(double limit, std::vector<double>& gradient);

}  // namespace dynkit::training
