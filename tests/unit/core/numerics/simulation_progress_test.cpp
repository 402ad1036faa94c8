// What the user hears of a simulation that lasts.
#include "simulation_progress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

using std::chrono::milliseconds;
using Clock = SimulationProgress::Clock;

// A host that notes all that it is told, and a clock that stands still.
struct Listener {
  std::vector<double> told;
  std::string text;
  Services services{options()};
  HostTable host{services, "."};
  Clock::time_point now{};

  ServicesOptions options() {
    ServicesOptions result;
    result.progress_interval = milliseconds(0);
    result.progress = [this](double fraction, std::string_view line) {
      told.push_back(fraction);
      text = line;
    };
    return result;
  }
  SimulationProgress progress(std::int64_t trajectories) {
    return SimulationProgress(host.table(), trajectories, [this] { return now; });
  }
};

TEST(SimulationProgress, OfAShortSimulationIsNotTold) {
  Listener listener;
  SimulationProgress progress = listener.progress(3);
  SimulationProgress::Share share(progress);
  listener.now += milliseconds(500);
  EXPECT_TRUE(share.keep_going(1.0));
  EXPECT_TRUE(share.keep_going(3.0));
  progress.end();
  EXPECT_TRUE(listener.told.empty());
}

TEST(SimulationProgress, AddsWhatTheTasksHaveDone) {
  Listener listener;
  SimulationProgress progress = listener.progress(20);
  SimulationProgress::Share one(progress), other(progress);
  one.keep_going(2.0);
  listener.now += milliseconds(501);
  one.keep_going(3.0);
  other.keep_going(2.5);
  EXPECT_EQ(listener.told, (std::vector{0.15, 0.275}));
  EXPECT_EQ(listener.text, "simulating 20 trajectories");
}

TEST(SimulationProgress, EndsWithTheWholeUnlessStopped) {
  for (const bool stopped : {false, true}) {
    Listener listener;
    SimulationProgress progress = listener.progress(1);
    SimulationProgress::Share share(progress);
    listener.now += milliseconds(600);
    EXPECT_TRUE(share.keep_going(0.25));
    if (stopped) listener.services.cancel_flag() = true;
    EXPECT_EQ(share.keep_going(0.5), !stopped);
    progress.end();
    const std::vector<double> told = {0.25, 0.5, 1.0};
    EXPECT_EQ(listener.told, std::vector<double>(told.begin(), told.end() - (stopped ? 1 : 0)));
    EXPECT_EQ(listener.text, "simulating 1 trajectory");
  }
}

// dx = -x, the first time only after a wait.
class Waiting {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  Waiting(const dk_host&, const Settings&) {
    info_.time_kind = DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = 1;
  }

  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    static const bool waited = [] {
      std::this_thread::sleep_for(SimulationProgress::kSilence + milliseconds(1));
      return true;
    }();
    static_cast<void>(waited);
    for (std::int64_t s = 0; s < points.count; ++s) {
      out.data[s * out.stride] = -points.x.data[s * points.x.stride];
    }
  }

 private:
  dk_model_info info_{};
};

constexpr dk_component kComponent =
    model_component<Waiting>({"org.test.waiting", "1.0.0", "dx = -x"});

TEST(SimulationProgress, OfALongSimulationIsTold) {
  testing::NoFiles none;
  Listener listener;
  const dk_host& host = listener.host.table();
  const System system(std::make_shared<Model>(LoadedComponent{&kComponent, {}, {}, {}},
                                              Config::Table{}, none, host),
                      {}, host);
  const std::array times = {0.0, 1.0};
  const double x0 = 1.0;
  std::vector<double> states(300 * 2);
  std::vector<std::int32_t> outcomes(300);
  dk_simulation request{};
  request.S = 300;  // several tasks
  request.T = 2;
  request.times = times.data();
  request.x0 = {&x0, 0};
  request.states = states.data();
  request.outcomes = outcomes.data();
  call(system.table().simulate, &system.table(), &request);
  ASSERT_GE(listener.told.size(), 2u);
  EXPECT_TRUE(std::is_sorted(listener.told.begin(), listener.told.end()));
  EXPECT_GE(listener.told.front(), 0.0);
  EXPECT_EQ(listener.told.back(), 1.0);
  EXPECT_EQ(listener.text, "simulating 300 trajectories");
}

}  // namespace
}  // namespace dynkit
