// Emissions of a hidden Markov model.
//
//     z_0 ~ pi,   z_{k+1} ~ A[z_k,:],   y_k ~ B[z_k,:]                                         (1)
//
// Targets are y_k, states z_k, both one-hot. Without matrices of one's own A stays in a state with
// probability `stay` and leaves it for its neighbors with equal ones, neighbors being those in a
// chain, in a ring, or all states; and three outputs are emitted with
//
//     B[i,:] = (0.99 (1 - a), 0.01, 0.99 a),   a = i / (K - 1)                                 (2)
//
// pi is uniform. `cross_entropy` is the mean of -log p(y_k | y_0 .. y_{k-1}) by the forward
// algorithm: no model can predict emissions better on average.
//
// Task of E. Torre et al., "Mechanistic interpretability of RNNs emulating hidden Markov models"
// (2025): 2 to 5 states, three outputs, networks driven by noise, for which `noise_inputs` are
// standard normal numbers. Default matrices as in their code.
//
//   S trials   T bins   K states   O outputs   A [K,K]   B [K,O]   pi [K]
#pragma once

#include <cstdint>
#include <vector>

#include "trials.hpp"

namespace dynkit::tasks {

/// pi, A and B, with rows that sum to 1.
struct MarkovModel {
  std::int64_t K = 0, O = 0;
  std::vector<double> initial, transition, emission;
};

/// The sum over k of -log p(y_k | y_0 .. y_{k-1}), y [T] numbers of outputs.
double surprise(const MarkovModel& model, const std::vector<std::int64_t>& y);

class HiddenMarkov {
 public:
  static constexpr const char* kNeighbors[] = {"chain", "ring", "all", nullptr};
  static constexpr dk_setting kSettings[] = {
      trials_setting("1000"),
      integer_setting("bins", "100", 1, 1e9, "emissions in each"),
      integer_setting("states", nullptr, 1, 4096,
                      "number of states; left out: as the matrices say, else 3", DK_OPTIONAL),
      text_setting("neighbors", "chain", kNeighbors,
                   "where a state leads to: the next ones in a chain or a ring, or all others"),
      number_setting("stay", "0.95", 0, 1, "probability to stay in a state"),
      array_setting("transition", "A [states,states], in place of neighbors and stay", DK_OPTIONAL),
      array_setting("emission", "B [states,outputs]; left out: three outputs, see the README",
                    DK_OPTIONAL),
      array_setting("initial", "pi [states]; left out: uniform", DK_OPTIONAL),
      integer_setting("noise_inputs", "0", 0, 4096, "inputs of standard normal noise"),
      validation_setting("0.2"),
      test_setting(),
  };

  HiddenMarkov(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  TrialSettings trials_;
  std::int64_t bins_, noise_inputs_;
  MarkovModel model_;
};

}  // namespace dynkit::tasks
