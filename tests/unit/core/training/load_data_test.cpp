// Trials and their split from the arrays of a dataset.
#include "load_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

constexpr std::int64_t kTrials = 20, kTimes = 7, kStates = 3, kInputs = 2;

// Arrays by name, as an earlier stage gives them.
class Arrays {
 public:
  Arrays() {
    table_.context = this;
    table_.find = [](const dk_data* data, const char* name, dk_array* array, dk_error* error) {
      auto& self = *static_cast<Arrays*>(data->context);
      const auto found = self.arrays.find(name);
      if (found == self.arrays.end()) return set_error(error, DK_UNSUPPORTED, "not there");
      *array = view_array(found->second, self.pointers_);
      return dk_status{DK_OK};
    };
  }

  void put(const std::string& name, const std::vector<std::int64_t>& shape) {
    Array array{shape, {}, {}, {}, {}};
    array.numbers().resize(static_cast<std::size_t>(array.size()));
    std::iota(array.numbers().begin(), array.numbers().end(), 0.0);
    arrays[name] = std::move(array);
  }
  const dk_data& table() const { return table_; }

  ArrayMap arrays;

 private:
  dk_data table_{};
  std::vector<const char*> pointers_;
};

TrainingPlan plan_for(const std::string& target) {
  TrainingPlan plan;
  ObjectiveTerm term;
  term.target = target;
  plan.terms = {term};
  plan.inputs = "inputs";
  return plan;
}

Arrays usual_arrays() {
  Arrays arrays;
  arrays.put("states", {kTrials, kTimes, kStates});
  arrays.put("inputs", {kTrials, kTimes, kInputs});
  return arrays;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LoadData, TakesStatesInputsAndCountsTimesWhereThereAreNone) {
  const Arrays arrays = usual_arrays();
  const TrainingData data = load_data(arrays.table(), plan_for("states"), kInputs);
  EXPECT_EQ(data.trials, kTrials);
  EXPECT_EQ(data.T, kTimes);
  EXPECT_EQ(data.times, (std::vector<double>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(data.series.at("states").width, kStates);
  EXPECT_EQ(data.row(data.series.at("inputs"), 4, 5)[1], (4 * kTimes + 5) * kInputs + 1);
  EXPECT_EQ(data.mask_at(3, 2), 1.0);
}

TEST(LoadData, TakesAMaskWithAndWithoutALastAxis) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{kTrials, kTimes}, {kTrials, kTimes, 1}}) {
    Arrays arrays = usual_arrays();
    arrays.put("mask", shape);
    const TrainingData data = load_data(arrays.table(), plan_for("states"), kInputs);
    EXPECT_EQ(data.mask_at(2, 3), 2 * kTimes + 3);
  }
}

TEST(LoadData, NeedsNoStatesWhereNothingBeginsOrGoesOnThere) {
  Arrays arrays;
  arrays.put("targets", {kTrials, kTimes, kStates});
  TrainingPlan plan = plan_for("targets");
  plan.initial = InitialState::given;
  EXPECT_EQ(load_data(arrays.table(), plan, 0).series.count("states"), 0u);
  plan.initial = InitialState::data;
  EXPECT_NE(refusal([&] { load_data(arrays.table(), plan, 0); }).find("needs the array 'states'"),
            std::string::npos);
}

TEST(LoadData, RefusesArraysThatDoNotFitWithTheirNames) {
  const auto refused = [](const std::string& name, const std::vector<std::int64_t>& shape) {
    Arrays arrays = usual_arrays();
    arrays.put(name, shape);
    return refusal([&] { load_data(arrays.table(), plan_for("states"), kInputs); });
  };
  EXPECT_NE(refused("inputs", {kTrials + 1, kTimes, kInputs}).find("'inputs'"), std::string::npos);
  EXPECT_NE(refused("states", {kTrials, kTimes}).find("'states'"), std::string::npos);
  EXPECT_NE(refused("mask", {kTimes, kTrials}).find("'mask'"), std::string::npos);
  EXPECT_NE(refused("time", {kTimes + 1}).find("'time'"), std::string::npos);
}

TEST(LoadData, RefusesInputsThatTheModelDoesNotTake) {
  const Arrays arrays = usual_arrays();
  EXPECT_EQ(refusal([&] { load_data(arrays.table(), plan_for("states"), 0); }),
            "the dataset's 'inputs' has 2 components, the model no input (m = 0): give it as many, "
            "or leave them out by inputs = \"\"");
}

TEST(LoadData, DrivesNoModelWhereInputsAreLeftOut) {
  TrainingPlan plan = plan_for("states");
  plan.inputs = "";
  for (const std::int64_t m : {std::int64_t{0}, kInputs}) {
    EXPECT_EQ(load_data(usual_arrays().table(), plan, m).inputs, "");
  }
}

TEST(LoadData, AsksForInputsThatTheDatasetDoesNotPut) {
  Arrays arrays;
  arrays.put("states", {kTrials, kTimes, kStates});
  EXPECT_EQ(refusal([&] { load_data(arrays.table(), plan_for("states"), kInputs); }),
            "the model's input needs the array 'inputs', which the dataset has not put; by inputs "
            "= \"\" it is zero");
}

// Targets [20,7,width] 0, 1, 2, ..., one of them below 0.
std::string refused_target(LossKind kind, std::int64_t width, bool is_masked) {
  Arrays arrays;
  arrays.put("targets", {kTrials, kTimes, width});
  const std::int64_t row = 3 * kTimes + 5;
  arrays.arrays["targets"].numbers()[static_cast<std::size_t>((row + 1) * width - 1)] = -0.5;
  if (is_masked) {
    arrays.put("mask", {kTrials, kTimes});
    arrays.arrays["mask"].numbers()[static_cast<std::size_t>(row)] = 0.0;
  }
  TrainingPlan plan = plan_for("targets");
  plan.initial = InitialState::given;
  plan.terms[0].kind = kind;
  return refusal([&] { load_data(arrays.table(), plan, 0); });
}

TEST(LoadData, RefusesTargetsBelowZeroWhereLossesHaveNoMeaningForThem) {
  const std::string where = "': 'targets' holds -0.5 at time 5 of trial 3: ";
  EXPECT_EQ(refused_target(LossKind::poisson, 4, false),
            "objective 'poisson" + where + "counts are not below 0");
  EXPECT_EQ(refused_target(LossKind::cross_entropy, 4, false),
            "objective 'cross_entropy" + where + "probabilities are not below 0");
  EXPECT_EQ(refused_target(LossKind::squared, 4, false), "");
  EXPECT_EQ(refused_target(LossKind::poisson, 4, true), "");
}

TEST(LoadData, RefusesClassesOfWhichThereIsOne) {
  EXPECT_EQ(refused_target(LossKind::cross_entropy, 1, true),
            "objective 'cross_entropy': 'targets' has 1 component: it needs one for each of two "
            "classes or more, their probabilities");
}

TEST(LoadData, RefusesTimesThatDoNotGrow) {
  Arrays arrays = usual_arrays();
  arrays.arrays["time"] = {{kTimes}, std::vector<double>{0, 1, 2, 2, 3, 4, 5}, {}, {}, {}};
  EXPECT_NE(refusal([&] {
              load_data(arrays.table(), plan_for("states"), kInputs);
            }).find("does not grow at index 3: 2 after 2"),
            std::string::npos);
}

TEST(LoadData, RefusesMasksThatAreNoWeights) {
  for (const double weight : {-0.5, std::nan(""), HUGE_VAL}) {
    Arrays arrays = usual_arrays();
    arrays.put("mask", {kTrials, kTimes});
    arrays.arrays["mask"].numbers()[9] = weight;
    EXPECT_NE(refusal([&] {
                load_data(arrays.table(), plan_for("states"), kInputs);
              }).find("the dataset's 'mask' holds "),
              std::string::npos)
        << weight;
  }
}

// What is said of a component of `name` that is missing at time k of trial 11.
std::string refused_gap(const std::string& name, std::int64_t k, const TrainingPlan& plan) {
  Arrays arrays = usual_arrays();
  const std::int64_t width = arrays.arrays[name].shape[2];
  arrays.arrays[name].numbers()[static_cast<std::size_t>((11 * kTimes + k) * width + 1)] =
      std::nan("");
  return refusal([&] { load_data(arrays.table(), plan, kInputs); });
}

std::string gap_at(std::int64_t k) {
  return "the dataset's 'states' holds nan at time " + std::to_string(k) + " of trial 11, where a";
}

TEST(LoadData, TakesStatesWithGapsBehindTheFirstWhereTrajectoriesBegin) {
  const TrainingPlan plan = plan_for("states");
  EXPECT_EQ(refused_gap("states", 0, plan), gap_at(0) + " trajectory begins");
  for (std::int64_t k = 1; k < kTimes; ++k) EXPECT_EQ(refused_gap("states", k, plan), "") << k;
}

TEST(LoadData, RefusesGapsExactlyWhereATeacherIsHeard) {
  TrainingPlan plan = plan_for("states");
  plan.initial = InitialState::given;
  plan.forcing = {0.5, 3};
  for (std::int64_t k = 0; k < kTimes; ++k) {
    const bool is_heard = k == 3;  // nothing goes on from time 6, the last
    EXPECT_EQ(refused_gap("states", k, plan), is_heard ? gap_at(k) + " trajectory goes on" : "");
  }
  plan.terms[0].lag = 1;
  EXPECT_EQ(refused_gap("states", 6, plan), gap_at(6) + " trajectory goes on");
}

TEST(LoadData, RefusesGapsExactlyWhereSegmentsOfShootingBegin) {
  TrainingPlan plan = plan_for("states");
  plan.initial = InitialState::given;
  plan.shooting.interval = 2;
  for (std::int64_t k = 0; k < kTimes; ++k) {
    const bool begins = k == 2 || k == 4 || k == 6;
    EXPECT_EQ(refused_gap("states", k, plan), begins ? gap_at(k) + " trajectory goes on" : "");
  }
}

TEST(LoadData, RefusesGapsInInputsAtAnyTime) {
  for (std::int64_t k = 0; k < kTimes; ++k) {
    EXPECT_EQ(refused_gap("inputs", k, plan_for("states")),
              "the dataset's 'inputs' holds nan at time " + std::to_string(k) +
                  " of trial 11, where the model needs it");
  }
}

struct Splitter {
  Services services;
  HostTable host{services, "."};
  Split operator()(const Arrays& arrays, double validation, double test) const {
    TrainingPlan plan;
    plan.validation = validation;
    plan.test = test;
    return load_split(arrays.table(), plan, kTrials, make_stream(4, "split"), host.table());
  }
};

TEST(LoadSplit, TakesWhatTheDatasetSays) {
  Arrays arrays;
  arrays.put("split", {kTrials});  // 0, 1, 2, 3, ...
  for (double& part : arrays.arrays["split"].numbers()) part = std::min(part, 2.0);
  const Split split = Splitter()(arrays, 0.5, 0.0);
  EXPECT_EQ(split.train, (std::vector<std::int64_t>{0}));
  EXPECT_EQ(split.validation, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(split.test.size(), static_cast<std::size_t>(kTrials - 2));
}

TEST(LoadSplit, RefusesPartsThatThereAreNot) {
  Arrays arrays;
  arrays.put("split", {kTrials});
  EXPECT_EQ(refusal([&] { Splitter()(arrays, 0.5, 0.0); }),
            "the dataset's 'split' holds 3 for trial 3: it is 0 (train), 1 (validation) or 2 "
            "(test)");
}

TEST(LoadSplit, WarnsOfAShareThatIsNoTrial) {
  ServicesOptions options;
  std::vector<std::string> log;
  options.log = [&](std::int32_t, std::string_view text) { log.emplace_back(text); };
  const Splitter splitter{Services(options)};
  EXPECT_TRUE(splitter(Arrays(), 0.04, 0.1).validation.empty());
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0],
            "training: setting 'validation': 0.04 of 20 trials is none: the loss of the "
            "training trials says which parameters are best");
  splitter(Arrays(), 0.06, 0.1);
  EXPECT_EQ(log.size(), 1u);
}

TEST(LoadSplit, DrawsSharesThatArePairwiseDisjointAndTogetherAll) {
  const Split split = Splitter()(Arrays(), 0.25, 0.1);
  EXPECT_EQ(split.validation.size(), 5u);
  EXPECT_EQ(split.test.size(), 2u);
  std::vector<std::int64_t> all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  all.insert(all.end(), split.test.begin(), split.test.end());
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> expected(static_cast<std::size_t>(kTrials));
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
  EXPECT_NE(split.validation, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(Splitter()(Arrays(), 0.25, 0.1).validation, split.validation);
}

TEST(LoadSplit, RefusesToLeaveNothingToTrainOn) {
  EXPECT_NE(refusal([] { Splitter()(Arrays(), 0.9, 0.9); }).find("left to train on"),
            std::string::npos);
}

}  // namespace
}  // namespace dynkit::training
