// `--set key=value` on an experiment that was read.
#include <gtest/gtest.h>

#include "dynkit/core/experiment.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

constexpr const char* kText =
    "[model]\ncomponent = \"a.b.network\"\nn = 3\n"
    "[dataset]\ncomponent = \"a.b.spikes\"\n"
    "dataset = { component = \"a.b.trials\", model = \"a.b.pendulum\", truth = \"spikes/x.y\" }\n"
    "[[analysis]]\ncomponent = \"a.b.search\"\n";

Experiment with(const std::vector<std::string>& assignments) {
  Experiment experiment = parse_experiment(kText, "e.toml", "/");
  for (const std::string& assignment : assignments) set_value(experiment, assignment);
  return experiment;
}

std::string refusal(const std::string& assignment) {
  try {
    with({assignment});
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DK_SETTINGS);
    return e.what();
  }
}

std::string settings(const StagePlan& stage) {
  return to_text(Config{stage.settings, 0});
}

TEST(Assignment, ReplacesASettingAndAddsOne) {
  EXPECT_EQ(settings(with({"model.n=5", "model.m=2"}).model->stage), "{n = 5, m = 2}");
}

TEST(Assignment, SplitsAPathAtItsDotsAsFarAsComponentsGo) {
  EXPECT_EQ(settings(*with({"dataset.dataset.trials=7"}).dataset),
            "{dataset = {component = \"a.b.trials\", model = \"a.b.pendulum\", "
            "truth = \"spikes/x.y\", trials = 7}}");
}

TEST(Assignment, MakesATableOfAComponentThatIsNamedByItsId) {
  const Experiment experiment = with({"spikes.dataset.model.n=7"});
  const Config* model = experiment.dataset->settings.front().second.find("model");
  EXPECT_EQ(to_text(*model), "{component = \"a.b.pendulum\", n = 7}");
}

TEST(Assignment, WritesAComponentKeyByKey) {
  EXPECT_EQ(settings(with({"search.other.component=a.b.map", "search.other.n=2"}).analyses.front()),
            "{other = {component = \"a.b.map\", n = 2}}");
}

TEST(Assignment, TakesTheNameOfAParameterWithItsDots) {
  const Experiment experiment = with({"model.parameters.net.0.bias=[1, 2]"});
  EXPECT_EQ(experiment.model->parameters.front().first, "net.0.bias");
  const Experiment nested = with({"spikes.dataset.model.parameters.net.0.bias=[1, 2]"});
  const Config* parameters =
      nested.dataset->settings.front().second.find("model")->find("parameters");
  EXPECT_EQ(parameters->table().front().first, "net.0.bias");
}

TEST(Assignment, TakesAllParametersAtOnce) {
  const Experiment experiment = with({"model.parameters={a = 1, b = 2}"});
  EXPECT_EQ(to_text(Config{experiment.model->parameters, 0}), "{a = 1, b = 2}");
  EXPECT_EQ(refusal("model.parameters=3"),
            "--set model.parameters=3: 'parameters' is a whole number instead of a table");
}

TEST(Assignment, SuggestsTheNearestStage) {
  EXPECT_EQ(refusal("serch.n=3"),
            "--set serch.n=3: there is no stage 'serch' (did you mean 'search'?)");
  EXPECT_EQ(refusal("sead=3"), "--set sead=3: there is no stage 'sead' (did you mean 'seed'?)");
}

TEST(Assignment, RefusesAPathThroughWhatIsNoComponent) {
  EXPECT_EQ(refusal("model.n.m=3"),
            "--set model.n.m=3: 'n' is 3, which has no settings of its own");
  EXPECT_EQ(
      refusal("spikes.dataset.truth.n=3"),
      "--set spikes.dataset.truth.n=3: 'truth' is \"spikes/x.y\", which has no settings of its "
      "own");
}

TEST(Assignment, RefusesAPathWithAnEmptyPart) {
  for (const char* text : {"model..n=3", "model.=3", "spikes.dataset.=3", "spikes..trials=3"}) {
    EXPECT_EQ(refusal(text), std::string("--set ") + text + ": a part of the name is empty");
  }
}

TEST(Assignment, RefusesASeedThatIsNone) {
  EXPECT_EQ(refusal("seed=-3"), "--set seed=-3: the seed is no whole number >= 0");
  EXPECT_EQ(with({"seed=3"}).seed, 3U);
}

TEST(Assignment, TakesTextsWithQuotesAndWithout) {
  const ModelPlan quoted =
      *with({"model.component=\"a.b.map\"", "model.weights=\"3\"", "model.prefix=\"net.\""}).model;
  EXPECT_EQ(quoted.stage.component + " " + quoted.weights + " " + quoted.prefix, "a.b.map 3 net.");
  const ModelPlan bare =
      *with({"model.component=a.b.map", "model.weights=w.npz", "model.prefix="}).model;
  EXPECT_EQ(bare.stage.component + " " + bare.weights + bare.prefix, "a.b.map w.npz");
}

TEST(Assignment, RefusesWhatIsNoTextInPlaceOfOne) {
  EXPECT_EQ(refusal("model.weights=3"),
            "--set model.weights=3: 'weights' is a whole number instead of a text; in quotes it "
            "would be one");
  EXPECT_NE(refusal("search.component=[1]"), "");
}

TEST(Assignment, BlamesNoLineForATableThatItChanges) {
  Experiment experiment = parse_experiment(kText, "e.toml", "/");
  const Config& table = experiment.dataset->settings.front().second;
  ASSERT_EQ(table.line, 6);
  set_values(experiment, {"model.n=1", "spikes.dataset.model.list=[{a = 7}]"});
  EXPECT_EQ(table.line, 0);
  EXPECT_EQ(table.find("truth")->line, 6);
  const Config& model = *table.find("model");
  EXPECT_EQ(model.line, 0);
  EXPECT_EQ(model.find("list")->list().front().find("a")->line, kAssignmentLine + 1);
}

TEST(Assignment, GivesATableThatItMakesItsOwnLine) {
  Experiment experiment = parse_experiment(kText, "e.toml", "/");
  set_value(experiment, "search.other.n=2", 9);
  EXPECT_EQ(experiment.analyses.front().settings.front().second.line, 9);
}

}  // namespace
}  // namespace dynkit
