// The key `system` of an analysis: which model it works on.
#include <gtest/gtest.h>

#include <string>

#include "dynkit/core/experiment.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

const std::string kModel = "[model]\ncomponent = \"a.b.pendulum\"\n";
const std::string kDataset = "[dataset]\ncomponent = \"a.b.trials\"\n";

std::string analysis(const std::string& lines) {
  return "[[analysis]]\ncomponent = \"a.b.search\"\n" + lines;
}

Experiment parse(const std::string& text) {
  return parse_experiment(text, "e.toml", "/");
}

std::string refusal(const std::string& text) {
  try {
    parse(text);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(SystemKey, IsTakenOutOfTheSettings) {
  const Experiment experiment =
      parse(kDataset + analysis("system = \"trials/truth\"\ntolerance = 1\n"));
  const StagePlan& plan = experiment.analyses.front();
  ASSERT_TRUE(plan.system.has_value());
  EXPECT_EQ(plan.system->text(), "trials/truth");
  ASSERT_EQ(plan.settings.size(), 1U);
  EXPECT_EQ(plan.settings.front().first, "tolerance");
}

TEST(SystemKey, MayNameTheModelOrAnEarlierAnalysis) {
  EXPECT_EQ(refusal(kModel + analysis("system = \"model\"\n")), "");
  EXPECT_EQ(refusal(kModel + analysis("name = \"first\"\n") +
                    analysis("name = \"second\"\nsystem = \"first/reduced\"\n")),
            "");
}

TEST(SystemKey, IsASettingLikeAnyOtherOfADataset) {
  const Experiment experiment = parse(kDataset + "system = 3\n");
  EXPECT_EQ(experiment.dataset->settings.front().first, "system");
}

TEST(SystemKey, SuggestsTheNearestStage) {
  EXPECT_EQ(refusal(kDataset + analysis("system = \"trails/truth\"\n")),
            "e.toml:5: system = \"trails/truth\" is neither \"model\" (there is no [model]) nor "
            "\"stage/model\" of an earlier stage (did you mean 'trials/truth'?)");
}

TEST(SystemKey, RefusesALaterStageAndItsOwn) {
  const std::string two = kModel + analysis("name = \"first\"\nsystem = \"second/x\"\n") +
                          analysis("name = \"second\"\n");
  EXPECT_NE(refusal(two).find("e.toml:6: "), std::string::npos) << refusal(two);
  EXPECT_NE(refusal(kModel + analysis("name = \"own\"\nsystem = \"own/x\"\n")), "");
}

TEST(SystemKey, RefusesTheModelWhereThereIsNone) {
  EXPECT_NE(refusal(kDataset + analysis("system = \"model\"\n")).find("there is no [model]"),
            std::string::npos);
}

TEST(SystemKey, RefusesWhatIsNoText) {
  EXPECT_EQ(refusal(kModel + analysis("system = 3\n")),
            "e.toml:5: 'system' is a whole number instead of a text");
}

TEST(SystemKey, IsCheckedOnTheCommandLineToo) {
  Experiment experiment = parse(kModel + kDataset + analysis(""));
  set_value(experiment, "search.system=\"trials/truth\"");
  EXPECT_EQ(experiment.analyses.front().system->text(), "trials/truth");
  EXPECT_THROW(set_value(experiment, "search.system=\"trails/truth\""), Error);
}

}  // namespace
}  // namespace dynkit
