#include "stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "dynkit/analysis.h"
#include "dynkit/core/files.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/report.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "result_sink.hpp"

namespace dynkit {
namespace {

const StagePlan& find_plan(const Experiment& experiment, const std::string& stage) {
  if (experiment.model && stage == "model") return experiment.model->stage;
  if (experiment.dataset && stage == experiment.dataset->name) return *experiment.dataset;
  for (const StagePlan& plan : experiment.analyses) {
    if (plan.name == stage) return plan;
  }
  throw Error(DK_INVALID_ARGUMENT, fmt::format("there is no stage '{}'", stage));
}

const char* interface_of(const Experiment& experiment, const std::string& stage) {
  if (experiment.model && stage == "model") return DK_MODEL_V1;
  const bool dataset = experiment.dataset && stage == experiment.dataset->name;
  return dataset ? DK_DATASET_V1 : DK_ANALYSIS_V1;
}

std::vector<NamedText> settings_texts(const Config::Table& settings) {
  std::vector<NamedText> texts;
  for (const auto& [name, value] : settings) texts.push_back({name, to_text(value)});
  return texts;
}

StageResult begin_result(const StagePlan& plan, const dk_component& component) {
  StageResult result;
  result.name = plan.name;
  result.component = component.id;
  result.version = component.version;
  result.summary_line = printable(component.summary);
  if (component.citation != nullptr) result.citation = printable(component.citation);
  return result;
}

// The hash of all that decides a stage's result, except the files and stages that it reads.
std::string stage_key(const StageContext& context, const StagePlan& plan,
                      const LoadedComponent& component) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", plan.name, context.experiment.seed,
                                 component.component->version, component.library->sha256);
  text += to_text(Config{plan.settings, 0});
  if (plan.name == "model" && context.experiment.model) {
    const ModelPlan& model = *context.experiment.model;
    text += fmt::format("\n{}\n{}\n{}", model.weights, model.prefix,
                        to_text(Config{model.parameters, 0}));
  }
  return sha256(as_bytes(text));
}

StoredModel store_model(const std::string& name, const System& system) {
  return {name, system.model().component().id, system.model().component().version,
          settings_texts(system.model().settings()),
          parameters_as_arrays(system.model(), system.theta())};
}

void put_scalar(StageResult& result, const char* name, std::int64_t value, const char* help) {
  result.values.emplace_back(name);
  result.arrays[name] = {{}, std::vector<std::int64_t>{value}, {}, {}, help};
}

void put_scalar(StageResult& result, const char* name, const std::string& value,
                const char* help) {
  result.values.emplace_back(name);
  result.arrays[name] = {{}, std::vector<std::string>{value}, {}, {}, help};
}

void run_model(const StageContext& context, StageSource& source, StageResult& result) {
  const System& system = source.make_system(*context.experiment.model);
  const dk_model_info& info = system.model().info();
  result.time_kind = info.time_kind;
  result.settings = settings_texts(system.model().settings());
  put_scalar(result, "kind", std::string(info.time_kind == DK_MAP ? "map" : "flow"),
             "how it moves in time");
  put_scalar(result, "states", info.n, "size of the state");
  put_scalar(result, "inputs", info.m, "size of the input");
  put_scalar(result, "parameters", info.p, "number of parameters");
  put_scalar(result, "derivative", system.derivative(), "how its Jacobian comes about");
  result.models.push_back(store_model("model", system));
}

// An instance of a component that is destroyed at the end of its stage.
template <class Table, class Instance>
class Created {
 public:
  Created(const LoadedComponent& component, const dk_values& values, const dk_host& host)
      : table_(static_cast<const Table*>(component.component->interface_table)) {
    call(table_->create, &host, &values, &instance_);
  }
  ~Created() { table_->destroy(instance_); }
  Created(const Created&) = delete;
  Created& operator=(const Created&) = delete;

  const Table* operator->() const { return table_; }
  const Instance* get() const { return instance_; }

 private:
  const Table* table_;
  Instance* instance_ = nullptr;
};

// Runs body(job) with a sink that fills `result`; true: it was cancelled.
template <class Body>
bool run_job(const StageContext& context, StageSource& source, const dk_host& host,
             StageResult& result, Body body) {
  ResultSink sink(result, [&](const std::string& name, const dk_system& system) {
    result.models.push_back(store_model(name, *static_cast<const System*>(system.context)));
  });
  const dk_stream stream = make_stream(context.experiment.seed, result.name);
  const System* system = source.run_system();
  const dk_system* systems[] = {system != nullptr ? &system->table() : nullptr};
  if (system != nullptr) result.time_kind = system->model().info().time_kind;

  dk_job job{};
  job.host = &host;
  job.stream = &stream;
  job.system_count = system != nullptr ? 1 : 0;
  job.systems = systems;
  job.sink = &sink.table();
  const bool is_dataset =
      context.experiment.dataset && result.name == context.experiment.dataset->name;
  if (context.experiment.dataset && !is_dataset) {
    job.data = source.stage_data(context.experiment.dataset->name);
  }
  try {
    body(job);
  } catch (const Error& e) {
    if (e.status() != DK_CANCELLED) throw;
    return true;
  }
  return false;
}

bool run_component(const StageContext& context, const LoadedComponent& component,
                   const StagePlan& plan, StageSource& source, StageResult& result) {
  const dk_host& host = source.host(component.directory);
  const ResolvedSettings settings =
      resolve_settings(*component.component, plan.settings, source);
  result.settings = settings_texts(settings.record());
  if (interface_of(context.experiment, plan.name) == std::string(DK_DATASET_V1)) {
    const Created<dk_dataset_v1, dk_dataset> dataset(component, settings.values(), host);
    return run_job(context, source, host, result, [&](const dk_job& job) {
      call(dataset->generate, dataset.get(), &job);
    });
  }
  const Created<dk_analysis_v1, dk_analysis> analysis(component, settings.values(), host);
  return run_job(context, source, host, result, [&](const dk_job& job) {
    dk_error reason{};
    if (analysis->accepts(analysis.get(), &job, &reason) != DK_OK) {
      throw Error(DK_SETTINGS, fmt::format("{} does not apply here: {}", plan.component,
                                           printable(reason.message)));
    }
    call(analysis->run, analysis.get(), &job);
  });
}

// A figure or table that cannot be shown is reported, and costs nothing else.
void warn_of_flaws(const StageContext& context, const StageResult& result) {
  for (const Figure& figure : result.figures) {
    try {
      check_figure(figure, result.arrays);
    } catch (const Error& e) {
      context.services.log(DK_LOG_WARNING, fmt::format("{}: {}", result.name, e.what()));
    }
  }
}

}  // namespace

std::vector<std::string> stage_names(const Experiment& experiment) {
  std::vector<std::string> names;
  if (experiment.model) names.emplace_back("model");
  if (experiment.dataset) names.push_back(experiment.dataset->name);
  for (const StagePlan& plan : experiment.analyses) names.push_back(plan.name);
  return names;
}

StageStatus run_stage(const StageContext& context, const std::string& stage) {
  const auto start = std::chrono::steady_clock::now();
  const StagePlan& plan = find_plan(context.experiment, stage);
  const LoadedComponent component =
      context.registry.find(plan.component, interface_of(context.experiment, stage));
  StageSource source(context);
  StageResult result = begin_result(plan, *component.component);
  bool cancelled = false;
  if (stage == "model") {
    run_model(context, source, result);
  } else {
    cancelled = run_component(context, component, plan, source, result);
  }
  warn_of_flaws(context, result);
  if (cancelled) {
    result.status = StageStatus::interrupted;
    result.message = "stopped on request; what was done so far is kept";
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  result.seconds = elapsed.count();
  StageInputs inputs = source.inputs();
  inputs.key = stage_key(context, plan, component);
  write_stage(context.run_folder, result, inputs);
  return result.status;
}

bool is_up_to_date(const StageContext& context, const std::string& stage) {
  try {
    const StagePlan& plan = find_plan(context.experiment, stage);
    const StoredStage stored = read_stage(context.run_folder, stage);
    if (stored.result.status != StageStatus::done) return false;
    const LoadedComponent component =
        context.registry.find(plan.component, interface_of(context.experiment, stage));
    if (stored.inputs.key != stage_key(context, plan, component)) return false;
    const auto same_file = [](const NamedText& file) { return sha256_file(file.name) == file.value; };
    const auto same_stage = [&](const NamedText& earlier) {
      return stage_digest(context.run_folder, earlier.name) == earlier.value;
    };
    return std::all_of(stored.inputs.files.begin(), stored.inputs.files.end(), same_file) &&
           std::all_of(stored.inputs.stages.begin(), stored.inputs.stages.end(), same_stage);
  } catch (const Error&) {
    return false;  // missing or damaged: the stage runs again and says what is wrong
  }
}

std::vector<StageOutline> outline(const StageContext& context) {
  std::vector<StageOutline> stages;
  for (const std::string& name : stage_names(context.experiment)) {
    const StagePlan& plan = find_plan(context.experiment, name);
    const LoadedComponent component =
        context.registry.find(plan.component, interface_of(context.experiment, name));
    StageOutline& stage = stages.emplace_back();
    stage.name = name;
    stage.component = component.component->id;
    stage.version = component.component->version;
    stage.summary_line = printable(component.component->summary);
    stage.library =
        fmt::format("{} (SHA-256 {})", component.library->path, component.library->sha256);
    if (name == "model") {
      StageSource source(context);
      const System& system = source.make_system(*context.experiment.model);
      stage.settings = settings_texts(system.model().settings());
    } else {
      stage.settings = settings_texts(checked_settings(*component.component, plan.settings));
    }
  }
  return stages;
}

}  // namespace dynkit
