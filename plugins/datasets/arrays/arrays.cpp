#include "arrays.hpp"

#include <algorithm>
#include <string>

#include "dynkit/error.hpp"

namespace dynkit::arrays {
namespace {

[[noreturn]] void refuse_shape(const char* name, const NumberArray& array,
                               const std::string& rule) {
  throw Error(DK_SHAPE_MISMATCH, std::string("setting '") + name + "': shape " +
                                     shape_text(array.shape) + " is not " + rule);
}

void put_series(const Sink& sink, const char* name, const NumberArray& series, const char* axis,
                const char* help) {
  if (series.given) {
    sink.array(name, series.shape, series.values, {{"trial", "time", axis}, nullptr, help});
  }
}

}  // namespace

Arrays::Arrays(const dk_host&, const Settings& settings)
    : inputs_(settings.finite_array("inputs")),
      targets_(settings.array("targets")),
      states_(settings.array("states")),
      mask_(settings.finite_array("mask")) {
  if (inputs_.shape.size() != 3 || inputs_.values.empty()) {
    refuse_shape("inputs", inputs_, "[trial,time,input] with something in it");
  }
  S_ = inputs_.shape[0];
  T_ = inputs_.shape[1];
  check_size("targets", targets_);
  check_size("states", states_);
  check_mask();
  read_time(settings);
  read_split(settings);
}

void Arrays::check_size(const char* name, const NumberArray& series) const {
  const std::vector<std::int64_t>& shape = series.shape;
  if (!series.given || (shape.size() == 3 && shape[0] == S_ && shape[1] == T_ && shape[2] > 0)) {
    return;
  }
  refuse_shape(name, series,
               "[" + std::to_string(S_) + "," + std::to_string(T_) +
                   ",components], the trials and times of 'inputs'");
}

void Arrays::check_mask() const {
  if (!mask_.given) return;
  if (mask_.shape != std::vector<std::int64_t>{S_, T_}) {
    refuse_shape("mask", mask_, shape_text({S_, T_}) + ", one for each time of each trial");
  }
  const auto stray = std::find_if(mask_.values.begin(), mask_.values.end(),
                                  [](double weight) { return weight < 0.0; });
  if (stray == mask_.values.end()) return;
  throw Error(DK_SETTINGS, "setting 'mask': " + std::to_string(*stray) +
                               " is below 0, where weights of times are needed");
}

void Arrays::read_time(const Settings& settings) {
  const NumberArray time = settings.finite_array("time");
  if (!time.given) {
    const double dt = positive_number(settings, "dt");
    for (std::int64_t k = 0; k < T_; ++k) time_.push_back(static_cast<double>(k) * dt);
    return;
  }
  if (time.shape != std::vector<std::int64_t>{T_}) {
    refuse_shape("time", time, shape_text({T_}) + ", one for each time of a trial");
  }
  time_ = time.values;
  const auto stray = std::adjacent_find(
      time_.begin(), time_.end(), [](double before, double after) { return after <= before; });
  if (stray == time_.end()) return;
  throw Error(DK_SETTINGS, "setting 'time': " + std::to_string(stray[1]) + " follows " +
                               std::to_string(stray[0]) + ": times must grow");
}

void Arrays::read_split(const Settings& settings) {
  const NumberArray split = settings.array("split");
  if (!split.given) {
    const double validation = settings.number("validation"), test = settings.number("test");
    check_shares(validation, test);
    split_ = split_in_order(S_, 1.0 - validation - test, test);
    return;
  }
  if (split.shape != std::vector<std::int64_t>{S_}) {
    refuse_shape("split", split, shape_text({S_}) + ", one for each trial");
  }
  for (const double part : split.values) {
    if (part != 0.0 && part != 1.0 && part != 2.0) {
      throw Error(DK_SETTINGS, "setting 'split': " + std::to_string(part) +
                                   " is none of 0 (train), 1 (validation) and 2 (test)");
    }
    split_.push_back(static_cast<std::int64_t>(part));
  }
}

void Arrays::generate(const dk_job& job) const {
  const Sink sink(*job.sink);
  sink.array("time", {T_}, time_, {{"time"}, nullptr, "of the samples"});
  put_series(sink, "inputs", inputs_, "input", "what drives the model");
  put_series(sink, "targets", targets_, "target", "what is to be predicted");
  put_series(sink, "states", states_, "state", "of the system");
  if (mask_.given) {
    sink.array("mask", mask_.shape, mask_.values,
               {{"trial", "time"}, nullptr, "weight in the loss"});
  }
  put_split(sink, split_);
  const char* shown = targets_.given ? "targets[0]" : states_.given ? "states[0]" : "inputs[0]";
  const dk_series series{"line", shown, "time", shown, nullptr, nullptr, nullptr};
  sink.figure(
      {"trials", "The trials", "The first component.", "time", nullptr, nullptr, 1, &series});
}

}  // namespace dynkit::arrays
