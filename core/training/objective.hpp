// What training makes small: terms that compare states or observations with data.
//
//     L = sum_terms w / count sum_trials sum_k sum_i m_k l(y_k+lag,i, d_ki)                     (1)
//
//     squared         l = (y - d)^2
//     absolute        l = |y - d|
//     gaussian        l = (y - d)^2 / (2 sigma_i^2) + log sigma_i       sigma is learned
//     poisson         l = exp(y) - d y                                  y is a log rate
//     cross_entropy   l = log sum_i exp(y_i) - sum_i d_i y_i            y are logits, sum d = 1
//
// y [S,k] is the state, or what the readout makes of it; m the mask; count the number of elements
// that are compared (of rows, for cross_entropy).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operations.hpp"
#include "rollout.hpp"
#include "training_data.hpp"

namespace dynkit::training {

enum class LossKind { squared, absolute, gaussian, poisson, cross_entropy };

/// "squared", ... Throws Error (DK_SETTINGS) that lists them.
LossKind loss_named(std::string_view name);
const char* loss_name(LossKind kind);

struct ObjectiveTerm {
  LossKind kind = LossKind::squared;
  bool of_readout = false;               // y = g(x), else y = x
  std::string target;                    // the series that y is compared with
  std::vector<std::int64_t> components;  // of y, in the order of the target's; empty: all
  double weight = 1.0;
  /// 1: what follows the input of time k is compared with the target of time k; 0: the state at k.
  std::int64_t lag = 0;
};

/// The largest lag: trajectories go on so many times behind the data's last.
std::int64_t largest_lag(const std::vector<ObjectiveTerm>& terms);

/// The term whose prediction is shown beside the data: of those that compare observations, or of
/// those that compare states, the first that has all components, else the first; NULL: there is
/// none.
const ObjectiveTerm* shown_term(const std::vector<ObjectiveTerm>& terms, bool of_readout);

/// How many elements (rows) of a term are compared in these trials up to time T.
std::int64_t compared_elements(const ObjectiveTerm& term, const TrainingData& data,
                               const std::int64_t* trials, std::int64_t count, std::int64_t T);

/// (1) for S trials, asked time by time. One object is used by one thread at a time.
template <class Number>
class Objective : public Observer<Number> {
 public:
  /// `readout` NULL: no term is of it. Both must outlive the object.
  Objective(const std::vector<ObjectiveTerm>& terms, const Operations<Number>* readout,
            std::int64_t S, std::int64_t n);
  ~Objective() override;

  /// The S trials to compare with up to time T of the data, `scales` [terms] = w / count, and the
  /// logarithms of sigma of gaussian terms [width of the target], NULL for others. Gradients of
  /// these begin as zeros.
  void begin(const TrainingData& data, const std::int64_t* trials, std::int64_t T,
             const std::vector<double>& scales, const std::vector<const double*>& log_sigma);

  /// Where the gradient of the readout's parameters [q] accumulates; NULL: not wanted.
  void set_gradients(Number* readout_bar);
  const std::vector<std::vector<double>>& log_sigma_bar() const;

  double observe(std::int64_t k, const Number* x, Number* x_bar) override;

 private:
  struct Term;
  struct Parts;

  // One row of y [width]; y_bar NULL: the value alone.
  static double compare_classes(const Term& term, const double* d, double weight, const Number* y,
                                Number* y_bar);
  static double compare_elements(const Term& term, std::vector<double>& log_sigma_bar,
                                 const double* d, double weight, const Number* y, Number* y_bar);

  std::unique_ptr<Parts> parts_;
};

}  // namespace dynkit::training
