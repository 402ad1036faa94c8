// Recorded spike times as counts in bins, and as trials of them (see preparation.hpp).
//
//     spikes[k,i] = number of spikes of unit i in [start + k w, start + (k + 1) w)
//
//   N units   w width of a bin
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "preparation.hpp"

namespace dynkit::recordings {

class SpikeRecording {
 public:
  static constexpr dk_setting kSettings[] = {
      array_setting("spike_times", "times of all spikes [spike], in any order"),
      array_setting("units", "number of the unit of each spike [spike], from 0", DK_OPTIONAL),
      array_setting("ends",
                    "in place of units, where the spikes stand unit by unit: how many there are up "
                    "to the end of each unit [unit]",
                    DK_OPTIONAL),
      number_setting("bin_width", "0.02", 0, kUnbounded, "width of a bin, in the spikes' time"),
      number_setting("start", nullptr, -kUnbounded, kUnbounded,
                     "beginning of the first bin; left out: the first spike", DK_OPTIONAL),
      number_setting(
          "stop", nullptr, -kUnbounded, kUnbounded,
          "end of the last bin, which is left out if cut; left out: after the last spike",
          DK_OPTIONAL),
      integer_setting("least_spikes", "0", 0, 1e12, "units with fewer spikes are left out"),
      smooth_setting(),
      standardize_setting(),
      delays_setting(),
      delay_setting(),
      window_setting(),
      stride_setting(),
      validation_setting(),
      test_setting(),
  };

  SpikeRecording(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  Preparation preparation_;
  Signal counts_;                    // [1,L,N]
  std::vector<std::int64_t> units_;  // numbers of the units that are used
};

}  // namespace dynkit::recordings
