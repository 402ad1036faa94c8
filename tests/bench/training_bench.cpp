// One step of training: loss, gradient and Adam, 64 trials of 50 times, one thread.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dynkit/core/random.hpp"
#include "engine.hpp"
#include "optimizer.hpp"
#include "plugin_host.hpp"

namespace dynkit::bench {
namespace {

constexpr std::int64_t kTrials = 64, kTimes = 50, kInputs = 3, kObserved = 3;

struct Case {
  const char* library;
  const char* component;
  std::vector<std::pair<const char*, const char*>> settings;
  bool has_readout;  // and inputs
  double step;       // between times
};

const std::map<std::string, Case>& cases() {
  static const std::map<std::string, Case> all = {
      {"gru_64", {"dynkit_gru", "org.dynkit.gru", {{"n", "64"}, {"m", "3"}}, true, 1.0}},
      {"tanh_128", {"dynkit_rnn", "org.dynkit.rnn", {{"n", "128"}, {"m", "3"}}, true, 1.0}},
      {"node_rk4",
       {"dynkit_node", "org.dynkit.node", {{"n", "3"}, {"hidden", "[128, 128]"}}, false, 0.1}},
      {"node_euler",
       {"dynkit_node",
        "org.dynkit.node",
        {{"n", "3"}, {"hidden", "[128, 128]"}, {"time", "map"}, {"step", "0.1"}},
        false,
        0.1}},
      {"gated_node_euler",
       {"dynkit_gated_node",
        "org.dynkit.gated_node",
        {{"n", "64"}, {"m", "3"}, {"hidden", "[128, 128]"}},
        true,
        1.0}},
  };
  return all;
}

training::Series random_series(std::int64_t width, const char* name) {
  training::Series series{width,
                          std::vector<double>(static_cast<std::size_t>(kTrials * kTimes * width))};
  dk_stream stream = make_stream(1, name);
  draw_normal(stream, series.values);
  return series;
}

// Everything that one training holds.
class Training {
 public:
  Training(const Case& given, bool single)
      : host_(PLUGIN_FOLDER),
        system_(
            host_.system(host_.find(given.library, given.component), table_of(given.settings))) {
    data_.trials = kTrials;
    data_.T = kTimes;
    for (std::int64_t k = 0; k < kTimes; ++k) {
      data_.times.push_back(given.step * static_cast<double>(k));
    }
    std::vector<double> readout_theta;
    training::ObjectiveTerm term;
    if (given.has_readout) {
      readout_ = std::make_unique<Readout>(
          host_.find("dynkit_perceptron_readout", "org.dynkit.affine"),
          Config::Table{{"n", {system_->model().info().n, 0}}, {"o", {kObserved, 0}}}, files_,
          host_.table());
      dk_stream stream = make_stream(1, "readout");
      readout_theta = initial_parameters(*readout_, host_.table(), stream);
      data_.series["inputs"] = random_series(kInputs, "inputs");
      data_.inputs = "inputs";
      term.of_readout = true;
    }
    term.target = "targets";
    data_.series["targets"] =
        random_series(given.has_readout ? kObserved : system_->model().info().n, "targets");
    fit_ = std::make_unique<training::Fit>(training::Fit{*system_,
                                                         readout_.get(),
                                                         data_,
                                                         {term},
                                                         training::InitialState::given,
                                                         {},
                                                         {},
                                                         {},
                                                         {},
                                                         kTrials});
    fit_->rollout.integration.method = Method::rk4;
    const auto map = training::add_variables(*fit_, system_->theta(), readout_theta, variables_);
    engine_ = single ? training::float_engine(*fit_, map, host_.table())
                     : training::double_engine(*fit_, map, host_.table());
    optimizer_ = training::make_optimizer({}, variables_.size());
    decayed_.resize(variables_.values.size());
    for (std::int64_t trial = 0; trial < kTrials; ++trial) trials_.push_back(trial);
  }

  double step() {
    const double loss = engine_->gradient(variables_, trials_, kTimes, gradient_);
    optimizer_->step(1e-3, gradient_, decayed_, variables_.values);
    return loss;
  }

 private:
  static Config::Table table_of(const std::vector<std::pair<const char*, const char*>>& settings) {
    Config::Table table;
    for (const auto& [key, value] : settings) table.emplace_back(key, parse_value(value));
    return table;
  }

  PluginHost host_;
  ArrayFiles files_;
  std::unique_ptr<System> system_;
  std::unique_ptr<Readout> readout_;
  training::TrainingData data_;
  std::unique_ptr<training::Fit> fit_;
  training::Variables variables_;
  std::unique_ptr<training::Engine> engine_;
  std::unique_ptr<training::Optimizer> optimizer_;
  std::vector<double> gradient_, decayed_;
  std::vector<std::int64_t> trials_;
};

void run(benchmark::State& state, const Case& given, bool single) {
  Training training(given, single);
  for (auto _ : state) benchmark::DoNotOptimize(training.step());
}

const bool kRegistered = [] {
  for (const auto& [name, given] : cases()) {
    for (const bool single : {true, false}) {
      benchmark::RegisterBenchmark(
          (name + (single ? "/single" : "/double")).c_str(),
          [&given = given, single](benchmark::State& state) { run(state, given, single); })
          ->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace dynkit::bench
