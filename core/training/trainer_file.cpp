#include "trainer_file.hpp"

#include <fmt/format.h>

#include <utility>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

Array numbers(std::vector<double> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{count}, std::move(values), {}, {}, {}};
}

Array integers(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{count}, std::move(values), {}, {}, {}};
}

constexpr std::int64_t kColumns = 5;

// The arrays of a file, which anyone may have changed. Throws Error (DK_IO) for another one than
// was written.
class Checkpoint {
 public:
  Checkpoint(const std::filesystem::path& path, const ArrayMap& arrays)
      : path_(path), arrays_(arrays) {}

  [[noreturn]] void refuse(const char* name) const {
    throw Error(DK_IO, fmt::format("{}: the array '{}' is not that of a training: delete the file "
                                   "to begin anew",
                                   path_.string(), name));
  }

  const std::string& text(const char* name) const {
    return of<std::vector<std::string>>(name, 1).front();
  }
  const std::vector<std::int64_t>& integers(const char* name, std::int64_t count) const {
    return of<std::vector<std::int64_t>>(name, count);
  }
  const std::vector<double>& numbers(const char* name, std::int64_t count = -1) const {
    return of<std::vector<double>>(name, count);
  }

 private:
  // count -1: any
  template <class Values>
  const Values& of(const char* name, std::int64_t count) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) refuse(name);
    const auto* values = std::get_if<Values>(&found->second.values);
    if (values == nullptr) refuse(name);
    if (count >= 0 && static_cast<std::int64_t>(values->size()) != count) refuse(name);
    return *values;
  }

  const std::filesystem::path& path_;
  const ArrayMap& arrays_;
};

}  // namespace

void save_trainer(const std::filesystem::path& path, const std::string& key,
                  const TrainerState& state) {
  std::vector<double> history;
  for (const EpochRecord& one : state.history) {
    for (const double value : {one.train_loss, one.validation_loss, one.gradient_norm,
                               one.learning_rate, static_cast<double>(one.skipped)}) {
      history.push_back(value);
    }
  }
  ArrayMap arrays;
  arrays["key"] = {{}, std::vector<std::string>{key}, {}, {}, {}};
  arrays["values"] = numbers(state.values);
  arrays["best_values"] = numbers(state.best_values);
  arrays["first_moment"] = numbers(state.optimizer.first);
  arrays["second_moment"] = numbers(state.optimizer.second);
  arrays["counts"] = integers({state.epoch, state.best_epoch, state.optimizer.steps,
                               state.schedule.waited, state.rollbacks, state.bad_batches});
  arrays["scalars"] =
      numbers({state.best_loss, state.schedule.best, state.schedule.scale, state.rate_scale});
  arrays["history"] = numbers(std::move(history));
  arrays["iteration_losses"] = numbers(state.iteration_losses);
  save_arrays(path, arrays);
}

bool load_trainer(const std::filesystem::path& path, const std::string& key, std::int64_t variables,
                  TrainerState& state) {
  if (!std::filesystem::exists(path)) return false;
  const ArrayMap arrays = load_arrays(path);
  if (arrays.count("key") == 0) return false;
  const Checkpoint file(path, arrays);
  if (file.text("key") != key) return false;
  const auto& counts = file.integers("counts", 6);
  const auto& scalars = file.numbers("scalars", 4);
  const auto& history = file.numbers("history");
  state.values = file.numbers("values", variables);
  state.best_values = file.numbers("best_values", variables);
  state.optimizer = {counts[2], file.numbers("first_moment"), file.numbers("second_moment")};
  state.iteration_losses = file.numbers("iteration_losses");
  state.schedule = {scalars[1], counts[3], scalars[2]};
  state.epoch = counts[0];
  state.best_epoch = counts[1];
  state.rollbacks = counts[4];
  state.bad_batches = counts[5];
  state.best_loss = scalars[0];
  state.rate_scale = scalars[3];
  state.history.clear();
  for (std::size_t i = 0; i + kColumns <= history.size(); i += kColumns) {
    state.history.push_back({history[i], history[i + 1], history[i + 2], history[i + 3],
                             static_cast<std::int64_t>(history[i + 4])});
  }
  return true;
}

}  // namespace dynkit::training
