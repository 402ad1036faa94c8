// The state of a training on disk.
#pragma once

#include <filesystem>

#include "trainer.hpp"

namespace dynkit::training {

/// Replaces the file atomically (.npz). `key` identifies what is trained. Throws Error (DK_IO).
void save_trainer(const std::filesystem::path& path, const std::string& key,
                  const TrainerState& state);

/// What was saved of so many variables under this key; false: there is no such file, or it holds
/// another training. Throws Error (DK_IO) for a file that is damaged.
bool load_trainer(const std::filesystem::path& path, const std::string& key, std::int64_t variables,
                  TrainerState& state);

}  // namespace dynkit::training
