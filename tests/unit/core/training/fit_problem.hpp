// Fits of every kind to data that no model made, and their losses by a slow second way.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <ostream>
#include <string>

#include "engine.hpp"
#include "loss_oracle.hpp"
#include "plugin_readout.hpp"
#include "problem.hpp"

namespace dynkit::training {

/// A fit of a map (rnn, n = 5, m = 3) or of a flow (neural ODE, n = 3, m = 2).
struct FitCase {
  std::string name;
  bool flow = false;
  InitialState initial = InitialState::data;
  Forcing forcing = {};
  Shooting shooting = {};
  std::vector<ObjectiveTerm> terms = {};
  std::string readout = {};  // "org.dynkit.affine", ... of 4 observations; empty: none
  std::string method = "rk4";
};

inline void PrintTo(const FitCase& one, std::ostream* out) {
  *out << one.name;
}

class FitProblem {
 public:
  static constexpr std::int64_t kTrials = 11, kTimes = 9, kObservations = 4;

  explicit FitProblem(const FitCase& one, std::int64_t part_rows = 4)
      : plugin(DYNKIT_PLUGINS, one.flow ? "org.dynkit.node" : "org.dynkit.rnn",
               model_settings(one)),
        readout(one.readout.empty() ? nullptr
                                    : std::make_unique<PluginReadout>(
                                          one.readout, readout_settings(one, plugin.info().n))),
        data(make_data(plugin.info().n, plugin.info().m)),
        fit{plugin.system(),
            readout ? &readout->readout() : nullptr,
            data,
            one.terms,
            one.initial,
            one.initial == InitialState::data ? Numbers{}
                                              : normal_numbers(plugin.info().n, "first state"),
            one.forcing,
            one.shooting,
            {},
            part_rows} {
    fit.rollout.integration.method = method_named(one.method);
    fit.rollout.integration.adaptive = false;
    fit.rollout.integration.step = 0.03;
    check_fit(fit);
    map = add_variables(fit, plugin.theta(), readout ? readout->theta() : Numbers{}, variables);
    // Learned values that no other place holds.
    for (const std::int64_t at : map.log_sigma) {
      if (at >= 0) move(at, kObservations, "log sigma");
    }
    if (map.segments >= 0) move(map.segments, variables.size() - map.segments, "nodes");
    trials.resize(kTrials - 1);
    for (std::size_t i = 0; i < trials.size(); ++i) {
      trials[i] = static_cast<std::int64_t>(i * 7 + 2) % kTrials;
    }
  }

  std::unique_ptr<Engine> engine(const dk_host& host) const {
    return double_engine(fit, map, host);
  }

  testing::PluginSystem plugin;
  std::unique_ptr<PluginReadout> readout;
  TrainingData data;
  Fit fit;
  Variables variables;
  VariableMap map;
  std::vector<std::int64_t> trials;  // all but one, in another order

 private:
  void move(std::int64_t first, std::int64_t count, const std::string& name) {
    const Numbers by = normal_numbers(count, name);
    for (std::int64_t i = 0; i < count; ++i) {
      variables.values[static_cast<std::size_t>(first + i)] +=
          0.2 * by[static_cast<std::size_t>(i)];
    }
  }

  static Config::Table model_settings(const FitCase& one) {
    if (one.flow) return table_of({"", "", {{"n", "3"}, {"m", "2"}, {"hidden", "[7, 8]"}}});
    return table_of({"", "", {{"n", "5"}, {"m", "3"}, {"alpha", "0.4"}}});
  }
  static Config::Table readout_settings(const FitCase& one, std::int64_t n) {
    Config::Table table = {{"n", parse_value(std::to_string(n))}, {"o", parse_value("4")}};
    if (one.readout != "org.dynkit.affine") table.emplace_back("hidden", parse_value("[6]"));
    return table;
  }

  static TrainingData make_data(std::int64_t n, std::int64_t m) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    TrainingData data;
    data.trials = kTrials;
    data.T = kTimes;
    double t = 0.3;
    for (std::int64_t k = 0; k < kTimes; ++k) {
      data.times.push_back(t);
      t += 0.05 + 0.02 * static_cast<double>(k % 3);
    }
    const auto add = [&](const std::string& name, std::int64_t width) {
      data.series[name] = {width, normal_numbers(kTrials * kTimes * width, name)};
    };
    add("states", n);
    add("inputs", m);
    add("positions", 2);
    add("observations", kObservations);
    add("counts", kObservations);
    add("classes", kObservations);
    data.inputs = "inputs";
    for (double& x : data.series["states"].values) x *= 0.5;
    for (double& d : data.series["counts"].values) d = std::floor(d * d);
    Numbers& classes = data.series["classes"].values;
    for (std::size_t row = 0; row < classes.size(); row += kObservations) {
      const std::size_t hot = row / kObservations % 3;
      for (std::size_t i = 0; i < kObservations; ++i) {
        classes[row + i] = i == hot ? 0.7 : 0.1;
      }
    }
    for (const char* name : {"positions", "observations", "counts", "classes"}) {
      Numbers& values = data.series[name].values;
      for (std::size_t i = 1; i < values.size(); i += 17) values[i] = kNaN;
    }
    for (std::int64_t i = 0; i < kTrials * kTimes; ++i) {
      data.mask.push_back(i % 6 == 4 ? 0.0 : i % 7 == 3 ? 0.25 : 1.0);
    }
    return data;
  }
};

/// Trajectories one interval at a time by dk_system.simulate, at the parameters that the system
/// has, and what the objective says of them.
class SlowFit {
 public:
  /// As trained, as judged (without the segments of shooting), or with neither these nor a teacher.
  enum class Run { training, judged, free };

  SlowFit(const FitProblem& problem, std::int64_t T, Run run)
      : problem_(problem),
        T_(T),
        rows_(problem.data.T + kLag),
        run_(run),
        n_(problem.plugin.info().n) {
    const auto& trials = problem.trials;
    states.resize(trials.size() * static_cast<std::size_t>(rows_ * n_));
    for (std::size_t s = 0; s < trials.size(); ++s) run_trial(s);
    if (problem.readout) observe();
  }

  long double loss() const {
    long double sum = 0.0L;
    const Fit& fit = problem_.fit;
    for (std::size_t i = 0; i < fit.terms.size(); ++i) {
      const ObjectiveTerm& term = fit.terms[i];
      const std::int64_t at = problem_.map.log_sigma[i];
      const double* log_sigma = at >= 0 ? problem_.variables.values.data() + at : nullptr;
      std::int64_t count = 0;
      const long double total = summed_loss(
          term, problem_.data, problem_.trials, T_, rows_, term.of_readout ? observations : states,
          term.of_readout ? FitProblem::kObservations : n_, log_sigma, count);
      sum += term.weight * total / static_cast<long double>(count);
    }
    if (ties_ == 0) return sum;
    return sum + fit.shooting.weight * gaps_ / static_cast<long double>(ties_);
  }

  /// Those that `predict` gives, [trials, T, .] from time `lag` on.
  Numbers predicted(const Numbers& all, std::int64_t width, std::int64_t lag) const {
    Numbers result;
    for (std::size_t s = 0; s < problem_.trials.size(); ++s) {
      const auto first = all.begin() + (static_cast<std::int64_t>(s) * rows_ + lag) * width;
      result.insert(result.end(), first, first + problem_.data.T * width);
    }
    return result;
  }

  Numbers states, observations;  // [trials, T + kLag, .]

 private:
  static constexpr std::int64_t kLag = 1;  // the largest of all terms

  double* state(std::size_t s, std::int64_t k) {
    return states.data() + (static_cast<std::int64_t>(s) * rows_ + k) * n_;
  }

  void run_trial(std::size_t s) {
    const Fit& fit = problem_.fit;
    const std::int64_t trial = problem_.trials[s];
    const Numbers& known = problem_.data.series.at("states").values;
    const double* data = known.data() + trial * problem_.data.T * n_;
    Numbers x(data, data + n_);
    if (fit.initial == InitialState::given) x = fit.initial_state;
    if (fit.initial == InitialState::learned) {
      const double* learned = problem_.variables.values.data() + problem_.map.initial;
      x.assign(learned, learned + n_);
    }
    for (std::int64_t k = 0; k < T_ + kLag; ++k) {
      std::copy(x.begin(), x.end(), state(s, k));
      if (k > 0 && k < T_) teach(trial, k, data + k * n_, x);
      if (k < T_) x = step(trial, k, x);
    }
  }

  void teach(std::int64_t trial, std::int64_t k, const double* d, Numbers& x) {
    const Fit& fit = problem_.fit;
    const std::int64_t interval = fit.shooting.interval;
    if (run_ == Run::free || (run_ == Run::judged && interval > 0)) return;
    if (interval > 0 && k % interval == 0) {
      const std::int64_t nodes = (problem_.data.T - 1) / interval;
      const double* node = problem_.variables.values.data() + problem_.map.segments +
                           (trial * nodes + k / interval - 1) * n_;
      for (std::size_t i = 0; i < x.size(); ++i) {
        gaps_ += (x[i] - node[i]) * (x[i] - node[i]);
        ++ties_;
      }
      x.assign(node, node + n_);
    } else if (interval == 0 && k % fit.forcing.interval == 0) {
      const double alpha = fit.forcing.alpha;
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = (1.0 - alpha) * x[i] + alpha * d[i];
    }
  }

  Numbers step(std::int64_t trial, std::int64_t k, const Numbers& x) {
    const std::int64_t m = problem_.plugin.info().m;
    const Numbers& inputs = problem_.data.series.at("inputs").values;
    Numbers both(2 * x.size());
    std::int32_t outcome = 0;
    dk_simulation run{};
    const Numbers& times = problem_.data.times;
    const auto next = static_cast<std::size_t>(k) + 1;
    // What follows the last time is as long as the interval before.
    const double end = next < times.size() ? times[next] : 2 * times[next - 1] - times[next - 2];
    const double from_to[] = {times[next - 1], end};
    run.S = 1;
    run.T = 2;
    run.times = from_to;
    run.x0 = {x.data(), n_};
    run.u = {inputs.data() + (trial * problem_.data.T + k) * m, 2 * m};
    run.u_constant = 1;
    run.method = method_name(problem_.fit.rollout.integration.method);
    run.step = problem_.fit.rollout.integration.step;
    run.states = both.data();
    run.outcomes = &outcome;
    dk_error error{};
    const dk_system& system = problem_.plugin.system().table();
    EXPECT_EQ(system.simulate(&system, &run, &error), DK_OK) << error.message;
    return {both.begin() + n_, both.end()};
  }

  void observe() {
    const auto rows = static_cast<std::int64_t>(states.size()) / n_;
    observations.resize(static_cast<std::size_t>(rows * FitProblem::kObservations));
    const auto operations = double_operations(problem_.readout->readout());
    operations->prepare(problem_.readout->theta().data());
    dk_points points{};
    points.count = rows;
    points.x = {states.data(), n_};
    operations->eval(points, observations.data());
  }

  const FitProblem& problem_;
  std::int64_t T_, rows_;
  Run run_;
  std::int64_t n_;
  long double gaps_ = 0.0L;
  std::int64_t ties_ = 0;
};

/// A host with a number of threads.
struct TestHost {
  explicit TestHost(std::int32_t threads = 1) : services(with_threads(threads)) {}
  operator const dk_host&() const { return host.table(); }

  static ServicesOptions with_threads(std::int32_t threads) {
    ServicesOptions options;
    options.threads = threads;
    return options;
  }

  Services services;
  HostTable host{services, "."};
};

}  // namespace dynkit::training
