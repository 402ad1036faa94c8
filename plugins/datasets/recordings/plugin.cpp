#include "dynkit/component.hpp"
#include "sampled_recording.hpp"
#include "spike_recording.hpp"

using namespace dynkit;
using namespace dynkit::recordings;

DYNKIT_PLUGIN(
    dataset_component<SampledRecording>(
        {"org.dynkit.recording", "1.0.0",
         "a recorded signal as trials: smoothed, standardized, with delays, cut into windows"}),
    dataset_component<SpikeRecording>(
        {"org.dynkit.spike_recording", "1.0.0",
         "recorded spike times as trials: counts in bins, smoothed, with delays, cut into "
         "windows"}))
