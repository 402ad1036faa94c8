// Spike counts of neurons that read out the states of a dataset.
//
//     a = X R,   a <- (a - mean a) / std a for each neuron over all trials and times          (1)
//     rates = r exp(a),   spikes ~ Poisson(rates)                                             (2)
//
// R_ij ~ U(-1/2, 1/2), its columns sorted by their first element, so that neighbors fire alike.
//
// With r = 1: the synthetic recordings of A. R. Sedler, C. Versteeg, C. Pandarinath, "Expressive
// architectures enhance interpretability of dynamics-based neural population models", Neurons,
// Behavior, Data Analysis, and Theory (2023).
//
//   X  [S,T,n] states      R  [n,N] readout      a, rates, spikes  [S,T,N]      r  events per bin
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"

namespace dynkit::spikes {

/// Arrays of the dataset that is read out.
struct Recording {
  std::int64_t S = 0, T = 0, n = 0;
  const double* states = nullptr;  // [S,T,n]
  std::vector<double> time;        // [T]
  double bin_width = 0.0;
};

class Spikes {
 public:
  static constexpr dk_setting kSettings[] = {
      dataset_setting("dataset",
                      "trajectories: { component = \"...\", ... } or the name of an earlier stage"),
      integer_setting("neurons", "10", 1, 1e6, "number of neurons", DK_CHANGES_SIZES),
      array_setting("readout",
                    "matrix [n,neurons] from states to neurons; left out: random, uniform in "
                    "(-1/2, 1/2), sorted",
                    DK_OPTIONAL),
      number_setting("base_rate", "1", 0, kUnbounded,
                     "rate at the mean of the log rates, in events per bin"),
      number_setting("validation", "0.16", 0, 1, "share of the trials for validation"),
      number_setting("test", "0.2", 0, 1, "share of the trials for testing"),
  };

  Spikes(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  std::vector<double> make_readout(const dk_job& job, std::int64_t n) const;
  std::vector<std::int64_t> make_split(const dk_job& job, std::int64_t S) const;
  void fire(const dk_job& job, const Recording& recording, std::vector<double>& rates,
            std::vector<std::int64_t>& spikes) const;

  const dk_data* dataset_;
  std::int64_t neurons_;
  NumberArray readout_;
  double base_rate_, validation_, test_;
};

/// States and times of a dataset. Throws Error (DK_SHAPE_MISMATCH, DK_NUMERIC) where they are not
/// [S,T,n] with two times or more, not finite, or where the times are not evenly spaced.
Recording read_recording(const dk_data& data);

/// (1): a [S T,N] from states [S T,n] and R [n,N]. Throws Error (DK_NUMERIC) for a neuron whose
/// activation is constant.
std::vector<double> standardized_activations(const Recording& recording,
                                             const std::vector<double>& R, std::int64_t neurons);

}  // namespace dynkit::spikes
