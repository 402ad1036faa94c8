#include "engine.hpp"

#include <algorithm>
#include <map>

#include "dynkit/core/random.hpp"
#include "dynkit/job.hpp"
#include "model_operations.hpp"
#include "part.hpp"

namespace dynkit::training {
namespace {

// Parts of one worker, by their number of trials: the last of a batch may be smaller.
template <class Number>
using Parts = std::map<std::int64_t, std::unique_ptr<Part<Number>>>;

template <class Number>
class PartedEngine : public Engine {
 public:
  PartedEngine(const Fit& fit, const VariableMap& map, const dk_host& host,
               std::unique_ptr<Operations<Number>> model,
               std::unique_ptr<Operations<Number>> readout)
      : fit_(fit),
        map_(map),
        host_(host),
        model_(std::move(model)),
        readout_(std::move(readout)),
        workers_(static_cast<std::size_t>(host.worker_count(&host))),
        theta_(static_cast<std::size_t>(model_->sizes().p)),
        readout_theta_(readout_ ? static_cast<std::size_t>(readout_->sizes().p) : 0) {}

  void begin_epoch(std::int64_t epoch) override {
    jacobian_signs_ = split(fit_.jacobian_signs, epoch);
  }

  std::int64_t compared(const std::vector<std::int64_t>& trials, std::int64_t T) const override {
    std::int64_t elements = 0;
    for (const ObjectiveTerm& term : fit_.terms) {
      elements += compared_elements(term, fit_.data, trials.data(),
                                    static_cast<std::int64_t>(trials.size()), T);
    }
    return elements;
  }

  double gradient(const Variables& variables, const std::vector<std::int64_t>& trials,
                  std::int64_t T, std::vector<double>& gradient) override {
    const auto batch = begin(variables, trials, T);
    reserve(parts_of(trials));
    for_each_part(trials, [&](Part<Number>& part, const std::int64_t* own, std::int64_t index) {
      part.gradient(batch, own, results_[static_cast<std::size_t>(index)]);
    });
    gradient.assign(variables.values.size(), 0.0);
    double loss = 0.0;
    for (std::int64_t i = 0; i < parts_of(trials); ++i) {
      loss += results_[static_cast<std::size_t>(i)].loss;
      add(i, trials, T, gradient);
    }
    return loss;
  }

  double loss(const Variables& variables, const std::vector<std::int64_t>& trials,
              std::int64_t T) override {
    const auto batch = begin(variables, trials, T);
    losses_.assign(static_cast<std::size_t>(parts_of(trials)), 0.0);
    for_each_part(trials, [&](Part<Number>& part, const std::int64_t* own, std::int64_t index) {
      losses_[static_cast<std::size_t>(index)] = part.loss(batch, own);
    });
    double sum = 0.0;
    for (const double loss : losses_) sum += loss;
    return sum;
  }

  void predict(const Variables& variables, const std::vector<std::int64_t>& trials,
               std::vector<double>& states, std::vector<double>& observations) override {
    const auto batch = begin(variables, trials, fit_.data.T);
    const std::int64_t n = model_->sizes().n * batch.T;
    const std::int64_t q = readout_ ? readout_->sizes().q * batch.T : 0;
    states.resize(trials.size() * static_cast<std::size_t>(n));
    observations.resize(trials.size() * static_cast<std::size_t>(q));
    for_each_part(trials, [&](Part<Number>& part, const std::int64_t* own, std::int64_t index) {
      const std::int64_t first = index * fit_.part_rows;
      part.predict(batch, own, states.data() + first * n,
                   q > 0 ? observations.data() + first * q : nullptr);
    });
  }

 private:
  std::int64_t parts_of(const std::vector<std::int64_t>& trials) const {
    return (static_cast<std::int64_t>(trials.size()) + fit_.part_rows - 1) / fit_.part_rows;
  }

  typename Part<Number>::Batch begin(const Variables& variables,
                                     const std::vector<std::int64_t>& trials, std::int64_t T) {
    const double* values = variables.values.data();
    prepare_at(values + map_.model, theta_, *model_);
    if (readout_) prepare_at(values + map_.readout, readout_theta_, *readout_);
    const auto count = static_cast<std::int64_t>(trials.size());
    scales_.clear();
    for (const ObjectiveTerm& term : fit_.terms) {
      const std::int64_t elements = compared_elements(term, fit_.data, trials.data(), count, T);
      scales_.push_back(elements > 0 ? term.weight / static_cast<double>(elements) : 0.0);
    }
    const std::int64_t nodes = fit_.shooting.interval > 0 ? (T - 1) / fit_.shooting.interval : 0;
    const auto ties = static_cast<double>(count * nodes * model_->sizes().n);
    return {variables,
            map_,
            T,
            scales_,
            ties > 0.0 ? fit_.shooting.weight / ties : 0.0,
            fit_.jacobian_penalty / static_cast<double>(count * T),
            jacobian_signs_};
  }

  template <class Body>
  void for_each_part(const std::vector<std::int64_t>& trials, Body body) {
    parallel_for(host_, parts_of(trials), 1,
                 [&](std::int64_t begin, std::int64_t end, std::int32_t worker) {
                   for (std::int64_t index = begin; index < end; ++index) {
                     const std::int64_t first = index * fit_.part_rows;
                     const std::int64_t S =
                         std::min(fit_.part_rows, static_cast<std::int64_t>(trials.size()) - first);
                     body(part_for(worker, S), trials.data() + first, index);
                   }
                 });
  }

  Part<Number>& part_for(std::int32_t worker, std::int64_t S) {
    auto& part = workers_[static_cast<std::size_t>(worker)][S];
    if (!part) part = std::make_unique<Part<Number>>(fit_, *model_, readout_.get(), S);
    return *part;
  }

  void reserve(std::int64_t parts) {
    while (static_cast<std::int64_t>(results_.size()) < parts) {
      PartGradient<Number>& one = results_.emplace_back();
      one.model.resize(theta_.size());
      one.readout.resize(readout_theta_.size());
      one.initial.resize(map_.initial >= 0 ? static_cast<std::size_t>(model_->sizes().n) : 0);
    }
  }

  // What part `index` has to say of each variable.
  void add(std::int64_t index, const std::vector<std::int64_t>& trials, std::int64_t T,
           std::vector<double>& gradient) const {
    const PartGradient<Number>& part = results_[static_cast<std::size_t>(index)];
    const auto add_to = [&](std::int64_t offset, const auto& values) {
      double* sum = gradient.data() + offset;
      for (std::size_t i = 0; i < values.size(); ++i) sum[i] += static_cast<double>(values[i]);
    };
    add_to(map_.model, part.model);
    if (readout_) add_to(map_.readout, part.readout);
    if (map_.initial >= 0) add_to(map_.initial, part.initial);
    for (std::size_t i = 0; i < map_.log_sigma.size(); ++i) {
      if (map_.log_sigma[i] >= 0) add_to(map_.log_sigma[i], part.log_sigma[i]);
    }
    if (map_.segments < 0) return;
    const std::int64_t first = index * fit_.part_rows, n = model_->sizes().n;
    const std::int64_t S =
        std::min(fit_.part_rows, static_cast<std::int64_t>(trials.size()) - first);
    for (std::int64_t k = fit_.shooting.interval; k < T; k += fit_.shooting.interval) {
      for (std::int64_t s = 0; s < S; ++s) {
        const std::int64_t trial = trials[static_cast<std::size_t>(first + s)];
        double* sum = gradient.data() + segment_state(fit_, map_, trial, k);
        const Number* bar = part.teacher.data() + (k * S + s) * n;
        for (std::int64_t i = 0; i < n; ++i) sum[i] += double{bar[i]};
      }
    }
  }

  const Fit& fit_;
  const VariableMap map_;
  const dk_host& host_;
  std::unique_ptr<Operations<Number>> model_, readout_;
  std::vector<Parts<Number>> workers_;
  std::vector<Number> theta_, readout_theta_;
  std::vector<PartGradient<Number>> results_;
  std::vector<double> losses_, scales_;
  dk_stream jacobian_signs_{};
};

}  // namespace

std::unique_ptr<Engine> double_engine(const Fit& fit, const VariableMap& map, const dk_host& host) {
  std::unique_ptr<Operations<double>> readout;
  if (fit.readout != nullptr) readout = double_operations(*fit.readout);
  return std::make_unique<PartedEngine<double>>(fit, map, host, double_operations(fit.system),
                                                std::move(readout));
}

std::unique_ptr<Engine> float_engine(const Fit& fit, const VariableMap& map, const dk_host& host) {
  if (is_continuous(fit)) return nullptr;
  auto model = float_operations(fit.system);
  std::unique_ptr<Operations<float>> readout;
  if (fit.readout != nullptr) readout = float_operations(*fit.readout);
  if (!model || (fit.readout != nullptr && !readout)) return nullptr;
  return std::make_unique<PartedEngine<float>>(fit, map, host, std::move(model),
                                               std::move(readout));
}

}  // namespace dynkit::training
