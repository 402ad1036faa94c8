#include "trainer_file.hpp"

#include <utility>

#include "dynkit/core/arrays_io.hpp"

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

const std::vector<std::int64_t>& integers_of(const ArrayMap& arrays, const char* name) {
  return std::get<std::vector<std::int64_t>>(arrays.at(name).values);
}

constexpr std::int64_t kColumns = 5;

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

bool load_trainer(const std::filesystem::path& path, const std::string& key, TrainerState& state) {
  if (!std::filesystem::exists(path)) return false;
  const ArrayMap arrays = load_arrays(path);
  const auto found = arrays.find("key");
  if (found == arrays.end()) return false;
  if (std::get<std::vector<std::string>>(found->second.values).at(0) != key) return false;
  const auto& counts = integers_of(arrays, "counts");
  const auto& scalars = arrays.at("scalars").numbers();
  const auto& history = arrays.at("history").numbers();
  state.values = arrays.at("values").numbers();
  state.best_values = arrays.at("best_values").numbers();
  state.optimizer = {counts.at(2), arrays.at("first_moment").numbers(),
                     arrays.at("second_moment").numbers()};
  state.schedule = {scalars.at(1), counts.at(3), scalars.at(2)};
  state.epoch = counts.at(0);
  state.best_epoch = counts.at(1);
  state.rollbacks = counts.at(4);
  state.bad_batches = counts.at(5);
  state.best_loss = scalars.at(0);
  state.rate_scale = scalars.at(3);
  state.iteration_losses = arrays.at("iteration_losses").numbers();
  state.history.clear();
  for (std::size_t i = 0; i + kColumns <= history.size(); i += kColumns) {
    state.history.push_back({history[i], history[i + 1], history[i + 2], history[i + 3],
                             static_cast<std::int64_t>(history[i + 4])});
  }
  return true;
}

}  // namespace dynkit::training
