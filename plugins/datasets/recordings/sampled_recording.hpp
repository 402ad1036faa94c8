// A recorded signal, sampled at even times, as trials (see preparation.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "preparation.hpp"

namespace dynkit::recordings {

class SampledRecording {
 public:
  static constexpr dk_setting kSettings[] = {
      array_setting("data",
                    "the signal, a file or an array: [time], [time,channel] or "
                    "[recording,time,channel]; missing samples are NaN"),
      boolean_setting("transpose", "false", "whether time is the last axis of the data"),
      numbers_setting("columns", "[]", 0, 1e9, "channels that are used, from 0; empty: all"),
      array_setting("time", "times of the samples [time], evenly spaced; left out: by dt",
                    DK_OPTIONAL),
      number_setting("dt", "1", 0, kUnbounded, "time between samples, where no time is given"),
      smooth_setting(),
      standardize_setting(),
      delays_setting(),
      delay_setting(),
      window_setting(),
      stride_setting(),
      validation_setting(),
      test_setting(),
  };

  SampledRecording(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  Preparation preparation_;
  Signal signal_;
};

}  // namespace dynkit::recordings
