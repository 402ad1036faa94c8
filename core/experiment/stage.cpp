#include "stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "created.hpp"
#include "dynkit/analysis.h"
#include "dynkit/core/files.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/report.hpp"
#include "dynkit/core/training.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "nested.hpp"
#include "result_sink.hpp"
#include "training_stage.hpp"

namespace dynkit {
namespace {

const StagePlan& find_plan(const Experiment& experiment, const std::string& stage) {
  if (experiment.model && stage == "model") return experiment.model->stage;
  if (experiment.dataset && stage == experiment.dataset->name) return *experiment.dataset;
  if (experiment.training && stage == kTrainingStage) return *experiment.training;
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

// The component of a stage; that of a training is the host's own, of its version.
LoadedComponent component_of(const StageContext& context, const StagePlan& plan) {
  if (plan.name == kTrainingStage) return {&training_component(), {}, {}, DK_VERSION};
  return find_component(context.registry, plan, interface_of(context.experiment, plan.name));
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

// Changed where a record's inputs get another meaning, so that stages of older records run again.
constexpr const char* kInputs = "files as written";

// What else the experiment decides of what a stage reads: the model and the dataset of the run are
// given to it without being named, and "data/x" is a file or an array of the stage "data".
std::string surroundings(const Experiment& experiment, const StagePlan& plan,
                         const std::string& settings) {
  std::string text;
  const bool is_model = plan.name == "model";
  if (!is_model && experiment.model) text += "\nmodel";
  if (!is_model && experiment.dataset && experiment.dataset->name != plan.name) {
    text += "\ndataset " + experiment.dataset->name;
  }
  const bool is_fitted = experiment.training &&
                         interface_of(experiment, plan.name) == std::string_view(DK_ANALYSIS_V1);
  if (is_fitted) text += "\ntraining";
  for (const std::string& stage : stage_names(experiment)) {
    if (settings.find('"' + stage + '/') != settings.npos) text += "\nstage " + stage;
  }
  return text;
}

// The hash of all that decides a stage's result, except the files and stages that it reads. A
// component in a setting counts with its library, as the stage's own does.
std::string stage_key(const StageContext& context, const StagePlan& plan,
                      const LoadedComponent& component) {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n", kInputs, plan.name, context.experiment.seed,
                  component.component->version, component.sha256);
  const std::string settings = to_text(Config{plan.settings, 0});
  text += settings + surroundings(context.experiment, plan, settings);
  if (plan.system) text += "\nsystem " + to_text(*plan.system);
  if (plan.name == kTrainingStage) return sha256(as_bytes(text + training_surroundings(context)));
  NestedSettings nested(context.registry, context.experiment, plan.name);
  nested.checked(*component.component, plan.settings);
  for (const LoadedComponent& one : nested.components()) {
    text += fmt::format("\n{} {} {}", one.component->id, one.component->version, one.sha256);
  }
  if (plan.name == "model" && context.experiment.model) {
    const ModelPlan& model = *context.experiment.model;
    text += fmt::format("\n{}\n{}\n{}", model.weights, model.prefix,
                        to_text(Config{model.parameters, 0}));
  }
  return sha256(as_bytes(text));
}

void put_scalar(StageResult& result, const char* name, std::int64_t value, const char* help) {
  result.values.emplace_back(name);
  result.arrays[name] = {{}, std::vector<std::int64_t>{value}, {}, {}, help};
}

void put_scalar(StageResult& result, const char* name, const std::string& value, const char* help) {
  result.values.emplace_back(name);
  result.arrays[name] = {{}, std::vector<std::string>{value}, {}, {}, help};
}

// The settings of the model's component, and where its parameters come from.
std::vector<NamedText> model_settings(const ModelPlan& plan, const Model& model) {
  std::vector<NamedText> texts = settings_texts(model.settings());
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) texts.push_back({name, to_text({value, 0})});
  };
  add("weights", plan.weights);
  add("prefix", plan.prefix);
  for (const auto& [name, value] : plan.parameters) {
    texts.push_back({"parameters." + name, to_text(value)});
  }
  return texts;
}

void run_model(const ModelPlan& plan, StageSource& source, StageResult& result) {
  const System& system = source.make_run_system();
  const dk_model_info& info = system.model().info();
  result.time_kind = info.time_kind;
  result.settings = model_settings(plan, system.model());
  put_scalar(result, "kind", std::string(info.time_kind == DK_MAP ? "map" : "flow"),
             "how it moves in time");
  put_scalar(result, "states", info.n, "size of the state");
  put_scalar(result, "inputs", info.m, "size of the input");
  put_scalar(result, "parameters", info.p, "number of parameters");
  put_scalar(result, "derivative", system.derivative(), "how its Jacobian comes about");
  result.models.push_back(store_model("model", system));
}

// A second put of a name replaces the first.
void put_model(StageResult& result, StoredModel model) {
  const auto same = std::find_if(result.models.begin(), result.models.end(),
                                 [&](const StoredModel& one) { return one.name == model.name; });
  if (same == result.models.end()) {
    result.models.push_back(std::move(model));
  } else {
    *same = std::move(model);
  }
}

// The models of datasets in settings come after the stage's own; a name that is taken gets a
// number, "system_2".
void add_nested_models(const StageSource& source, StageResult& result) {
  for (StoredModel model : source.nested_models()) {
    const std::string name = model.name;
    const auto is_taken = [&](const StoredModel& one) { return one.name == model.name; };
    for (int number = 2; std::any_of(result.models.begin(), result.models.end(), is_taken);
         ++number) {
      model.name = fmt::format("{}_{}", name, number);
    }
    result.models.push_back(std::move(model));
  }
}

bool is_dataset(const StageContext& context, const std::string& stage) {
  return interface_of(context.experiment, stage) == std::string_view(DK_DATASET_V1);
}

bool is_analysis(const StageContext& context, const std::string& stage) {
  return interface_of(context.experiment, stage) == std::string_view(DK_ANALYSIS_V1);
}

// The model that a stage works on, as it is written: "model", "stage/name"; empty: none.
std::string system_name(const StageContext& context, const StagePlan& plan) {
  if (plan.system) return plan.system->text();
  const bool is_fitted = context.experiment.training && is_analysis(context, plan.name);
  if (is_fitted) return fmt::format("{}/model", kTrainingStage);
  if (context.experiment.model) return "model";
  if (!context.experiment.dataset || is_dataset(context, plan.name)) return "";
  const std::string& stage = context.experiment.dataset->name;
  const auto models = read_stage(context.run_folder, stage).result.models;
  return models.empty() ? "" : fmt::format("{}/{}", stage, models.front().name);
}

const System* find_system(const StagePlan& plan, const std::string& name, StageSource& source) {
  if (name.empty()) return nullptr;
  if (name == "model") return source.run_system();
  const StoredName stored = stored_name(name);
  try {
    return source.stored_system(stored.stage, stored.model);
  } catch (const Error& e) {
    if (!plan.system || e.status() != DK_SETTINGS) throw;
    throw Error(e.status(), fmt::format("{}system = \"{}\": {}", line_prefix(*plan.system),
                                        printable(name), e.what()));
  }
}

// Runs body(job) with a sink that fills `result`.
template <class Body>
void run_job(const StageContext& context, const StagePlan& plan, StageSource& source,
             const dk_host& host, StageResult& result, Body body) {
  ResultSink sink(result, [&](const std::string& name, const dk_system& system) {
    put_model(result, store_model(name, *static_cast<const System*>(system.context)));
  });
  const dk_stream stream = make_stream(context.experiment.seed, plan.name);
  const std::string name = system_name(context, plan);
  const System* system = find_system(plan, name, source);
  const dk_system* systems[] = {system != nullptr ? &system->table() : nullptr};
  if (system != nullptr) result.time_kind = system->model().info().time_kind;
  if (system != nullptr && is_analysis(context, plan.name)) {
    result.settings.push_back({"system", to_text({name, 0})});
  }

  dk_job job{};
  job.host = &host;
  job.stream = &stream;
  job.system_count = system != nullptr ? 1 : 0;
  job.systems = systems;
  job.sink = &sink.table();
  if (context.experiment.dataset && is_analysis(context, plan.name)) {
    job.data = source.stage_data(context.experiment.dataset->name);
  }
  body(job);
}

void run_component(const StageContext& context, const LoadedComponent& component,
                   const StagePlan& plan, StageSource& source, StageResult& result) {
  const dk_host& host = source.host(component.directory);
  NestedSettings nested(context.registry, context.experiment, plan.name);
  result.settings = settings_texts(nested.checked(*component.component, plan.settings));
  const ResolvedSettings settings = source.open(component, plan.settings);
  if (is_dataset(context, plan.name)) {
    const Created<dk_dataset_v1, dk_dataset> dataset(component, settings.values(), host);
    return run_job(context, plan, source, host, result,
                   [&](const dk_job& job) { call(dataset->generate, dataset.get(), &job); });
  }
  const Created<dk_analysis_v1, dk_analysis> analysis(component, settings.values(), host);
  run_job(context, plan, source, host, result, [&](const dk_job& job) {
    dk_error reason{};
    if (analysis->accepts(analysis.get(), &job, &reason) != DK_OK) {
      throw Error(DK_SETTINGS, fmt::format("{} does not apply here: {}", plan.component,
                                           printable(reason.message)));
    }
    call(analysis->run, analysis.get(), &job);
  });
}

// True: it was cancelled, and `result` holds what was put until then.
bool is_cancelled(const StageContext& context, const LoadedComponent& component,
                  const StagePlan& plan, StageSource& source, StageResult& result) {
  bool cancelled = false;
  try {
    run_component(context, component, plan, source, result);
  } catch (const Error& e) {
    if (e.status() != DK_CANCELLED) throw;
    cancelled = true;
  }
  return cancelled;
}

NamedText plugin_text(const LoadedComponent& component) {
  return {fmt::format("{} {}", component.component->id, component.component->version),
          fmt::format("{} (SHA-256 {})", component.file, component.sha256)};
}

// Nothing is generated for an outline: a model is made, to take its sizes from its weights, unless
// it needs a dataset.
std::vector<NamedText> outline_settings(const StageContext& context, const StagePlan& plan,
                                        const dk_component& component,
                                        std::vector<NamedText>& plugins) {
  if (plan.name == kTrainingStage) return training_settings(context);
  NestedSettings nested(context.registry, context.experiment, plan.name);
  std::vector<NamedText> settings = settings_texts(nested.checked(component, plan.settings));
  const auto& found = nested.components();
  std::transform(found.begin(), found.end(), std::back_inserter(plugins), plugin_text);
  const bool generates = std::any_of(found.begin(), found.end(), [](const LoadedComponent& one) {
    return one.component->interface_id == std::string_view(DK_DATASET_V1);
  });
  if (plan.name == "model" && !generates) {
    StageSource source(context, plan.name);
    return model_settings(*context.experiment.model, source.make_run_system().model());
  }
  if (plan.system) {
    settings.push_back({"system", to_text(*plan.system)});
  } else if (context.experiment.model && is_analysis(context, plan.name)) {
    const bool is_fitted = context.experiment.training.has_value();
    settings.push_back(
        {"system", to_text({std::string(is_fitted ? "training/model" : "model"), 0})});
  }
  return settings;
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
  if (experiment.training) names.emplace_back(kTrainingStage);
  for (const StagePlan& plan : experiment.analyses) names.push_back(plan.name);
  return names;
}

StageStatus run_stage(const StageContext& context, const std::string& stage) {
  const auto start = std::chrono::steady_clock::now();
  const StagePlan& plan = find_plan(context.experiment, stage);
  const LoadedComponent component = component_of(context, plan);
  StageSource source(context, stage);
  StageResult result = begin_result(plan, *component.component);
  bool cancelled = false;
  if (stage == "model") {
    run_model(*context.experiment.model, source, result);
  } else if (stage == kTrainingStage) {
    cancelled = run_training(context, source, stage_key(context, plan, component), result);
  } else {
    cancelled = is_cancelled(context, component, plan, source, result);
  }
  add_nested_models(source, result);
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
  if (result.status == StageStatus::failed) throw Error(DK_NUMERIC, result.message);
  return result.status;
}

bool is_up_to_date(const StageContext& context, const std::string& stage) {
  try {
    const StagePlan& plan = find_plan(context.experiment, stage);
    const StoredStage stored = read_stage(context.run_folder, stage);
    if (stored.result.status != StageStatus::done) return false;
    const LoadedComponent component = component_of(context, plan);
    if (stored.inputs.key != stage_key(context, plan, component)) return false;
    return are_unchanged(stored.inputs, context);
  } catch (const Error&) {
    return false;  // missing or damaged: the stage runs again and says what is wrong
  }
}

std::vector<StageOutline> outline(const StageContext& context) {
  std::vector<StageOutline> stages;
  for (const std::string& name : stage_names(context.experiment)) {
    const StagePlan& plan = find_plan(context.experiment, name);
    const LoadedComponent component = component_of(context, plan);
    StageOutline& stage = stages.emplace_back();
    stage.name = name;
    stage.component = component.component->id;
    stage.version = component.component->version;
    stage.summary_line = printable(component.component->summary);
    if (name != kTrainingStage) {
      stage.plugins.push_back(plugin_text(component));
    } else if (context.experiment.readout) {
      stage.plugins.push_back(plugin_text(
          find_component(context.registry, context.experiment.readout->stage, DK_READOUT_V1)));
    }
    stage.settings = outline_settings(context, plan, *component.component, stage.plugins);
  }
  return stages;
}

}  // namespace dynkit
