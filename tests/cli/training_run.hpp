// Trainings by the command, of a map that is known.
#pragma once

#include <string>

#include "support/command.hpp"

namespace dynkit::test {

inline CommandResult run(const ScratchFolder& folder, const std::string& words,
                         const std::string& before = "") {
  return run_command(folder,
                     "cd " + folder.path() + " && " + before + " " DYNKIT_PROGRAM " run " + words);
}

/// A damped rotation: a linear map that a network of two units with phi = identity can be.
inline std::string rotation(const std::string& training) {
  return "seed = 3\n"
         "[model]\ncomponent = \"org.dynkit.rnn\"\nn = 2\nm = 0\nactivation = \"identity\"\n"
         "[dataset]\ncomponent = \"org.dynkit.trajectories\"\ntrials = 24\nsamples = 20\n"
         "spread = 1.0\n"
         "model = {component = \"org.dynkit.rnn\", n = 2, m = 0, activation = \"identity\", "
         "parameters = {weight_hh_l0 = [[0.9, -0.3], [0.3, 0.9]], bias_ih_l0 = [0, 0], "
         "bias_hh_l0 = [0, 0]}}\n"
         "[training]\n" +
         training;
}

}  // namespace dynkit::test
