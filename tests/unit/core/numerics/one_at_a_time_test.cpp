// A model that takes one call at a time has an instance for each thread that calls it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

constexpr int kThreads = 3;

std::atomic<int> g_created{0}, g_destroyed{0}, g_inside{0}, g_most{0};
std::atomic<bool> g_shared{false};

// x' = 2x. A call waits for those of the other threads, as long as it takes them to be here at
// once.
class Jealous {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  Jealous(const dk_host&, const Settings&) {
    info_.time_kind = DK_MAP;
    info_.threading = DK_ONE_AT_A_TIME;
    info_.n = 1;
    info_.step = 1.0;
    ++g_created;
  }
  ~Jealous() { ++g_destroyed; }

  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    if (busy_.exchange(true)) g_shared = true;
    const int inside = ++g_inside;
    int most = g_most;
    while (most < inside && !g_most.compare_exchange_weak(most, inside)) {
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (g_most < kThreads && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    out.data[0] = 2.0 * points.x.data[0];
    --g_inside;
    busy_ = false;
  }

 private:
  mutable std::atomic<bool> busy_{false};
  dk_model_info info_{};
};

TEST(OneAtATime, MeansAnInstanceForEachThread) {
  static constexpr dk_component kComponent =
      model_component<Jealous>({"org.test.jealous", "1.0.0", "x' = 2x"});
  {
    testing::NoFiles none;
    Services services;
    HostTable host(services, ".");
    const System system(std::make_shared<Model>(LoadedComponent{&kComponent, {}, {}, {}},
                                                Config::Table{}, none, host.table()),
                        {}, host.table());
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&system, i] {
        for (int round = 0; round < 100; ++round) {
          const double x = i + 1.0;
          double out = 0.0;
          dk_points points{};
          points.count = 1;
          points.x = {&x, 1};
          const dk_output output{&out, 1};
          call(system.table().eval, &system.table(), &points, &output);
          EXPECT_EQ(out, 2.0 * x);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(g_most, kThreads);
    EXPECT_EQ(g_created, kThreads);
    EXPECT_FALSE(g_shared);
  }
  EXPECT_EQ(g_destroyed, g_created);
}

}  // namespace
}  // namespace dynkit
