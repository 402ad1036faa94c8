// Trials from files, as they are: what drives a model, and what it is to do.
//
//   S trials   T times   m inputs   o targets   n states
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "dynkit/trials.hpp"

namespace dynkit::arrays {

class Arrays {
 public:
  static constexpr dk_setting kSettings[] = {
      array_setting("inputs", "what drives the model [trial,time,input]"),
      array_setting("targets", "what is to be predicted [trial,time,target]; NaN: not known",
                    DK_OPTIONAL),
      array_setting("states", "of the system, where they are known [trial,time,state]",
                    DK_OPTIONAL),
      array_setting("mask", "weight of each time of a trial in the loss [trial,time]; 0: left out",
                    DK_OPTIONAL),
      array_setting("time", "times of the samples [time]; left out: by dt", DK_OPTIONAL),
      number_setting("dt", "1", 0, kUnbounded, "time between samples, where no time is given"),
      array_setting("split",
                    "part of each trial [trial]: 0 train, 1 validation, 2 test; left out: "
                    "by the shares, the last trials for testing",
                    DK_OPTIONAL),
      validation_setting("0.2"),
      test_setting(),
  };

  /// Throws Error (DK_SETTINGS, DK_SHAPE_MISMATCH) where the arrays do not go together.
  Arrays(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  void check_size(const char* name, const NumberArray& series) const;
  void check_mask() const;
  void read_time(const Settings& settings);
  void read_split(const Settings& settings);

  NumberArray inputs_, targets_, states_, mask_;
  std::int64_t S_ = 0, T_ = 0;
  std::vector<double> time_;         // [T] increasing
  std::vector<std::int64_t> split_;  // [S]
};

}  // namespace dynkit::arrays
