// A model as a System: what callers leave out is filled in.
#include "dynkit/core/system.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "dynkit/component.hpp"
#include "dynkit/core/services.hpp"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

// x' = x + h a x with `Step` thousandths of a time unit a step, 0: not known.
template <int Step>
class EulerMap {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  EulerMap(const dk_host&, const Settings&) {
    block_.name = "a";
    info_.time_kind = DK_MAP;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_USES_STEP | DK_BATCH_EXACT;
    info_.n = info_.p = info_.block_count = 1;
    info_.step = Step > 0 ? 1e-3 * Step : std::numeric_limits<double>::quiet_NaN();
    info_.blocks = &block_;
  }

  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double x = points.x.data[s * points.x.stride];
      out.data[s * out.stride] = x + points.h.data[s * points.h.stride] * points.theta.data[0] * x;
    }
  }

 private:
  dk_block block_{};
  dk_model_info info_{};
};

using testing::NoFiles;

template <int Step>
struct EulerSystem {
  static constexpr dk_component kComponent =
      model_component<EulerMap<Step>>({"org.test.euler", "1.0.0", "x' = x + h a x"});
  NoFiles none;
  Services services;
  HostTable host{services, "."};
  System system{std::make_shared<Model>(LoadedComponent{&kComponent, {}, {}, {}}, Config::Table{},
                                        none, host.table()),
                {-0.5},
                host.table()};

  // At x = 2; h NULL: left out.
  double next(const double* h) const {
    const double x = 2.0;
    double out = 0.0;
    dk_points points{};
    points.count = 1;
    points.x = {&x, 1};
    points.h = {h, 1};
    const dk_output output{&out, 1};
    call(system.table().eval, &system.table(), &points, &output);
    return out;
  }
};

TEST(SystemStep, IsTheModelsWhereTheCallerNamesNone) {
  EXPECT_DOUBLE_EQ(EulerSystem<250>().next(nullptr), 2.0 - 0.25 * 0.5 * 2.0);
}

TEST(SystemStep, IsOneWhereTheModelDoesNotKnowIt) {
  EXPECT_DOUBLE_EQ(EulerSystem<0>().next(nullptr), 2.0 - 0.5 * 2.0);
}

TEST(SystemStep, IsTheCallersWhereItIsNamed) {
  const double h = 0.125;
  EXPECT_DOUBLE_EQ(EulerSystem<250>().next(&h), 2.0 - h * 0.5 * 2.0);
}

TEST(SystemStep, ReachesEveryDerivativeThatTheHostMakes) {
  const EulerSystem<250> euler;
  const double x[] = {2.0, 3.0};
  double J[2] = {};
  dk_points points{};
  points.count = 2;
  points.x = {x, 1};
  const dk_matrices matrices{J, 1, 1};
  call(euler.system.table().jacobian, &euler.system.table(), &points, std::int32_t{DK_WRT_STATE},
       &matrices);
  // Central differences of a linear map: rounding over the step, 1e-16 / 1e-5.
  for (const double derivative : J) EXPECT_NEAR(derivative, 1.0 - 0.25 * 0.5, 1e-9);
}

// x' = t x in steps of so many quarters, or dx/dt = t x.
template <std::int32_t TimeKind, int Quarters = 0>
class TimeModel {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  TimeModel(const dk_host&, const Settings&) {
    info_.time_kind = TimeKind;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_USES_TIME | DK_BATCH_EXACT;
    info_.n = 1;
    info_.step = 0.25 * Quarters;
  }

  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      out.data[s * out.stride] =
          points.t.data[s * points.t.stride] * points.x.data[s * points.x.stride];
    }
  }

 private:
  dk_model_info info_{};
};

// What the tangent 1 becomes between two times (of a map: after so many steps).
template <class Instance>
double carried_tangent(double t0, double t1, std::atomic<bool>* cancelled = nullptr) {
  static constexpr dk_component kComponent =
      model_component<Instance>({"org.test.time", "1.0.0", "t x"});
  NoFiles none;
  ServicesOptions services_options;
  services_options.cancelled = cancelled;
  Services services(services_options);
  HostTable host(services, ".");
  const System system(std::make_shared<Model>(LoadedComponent{&kComponent, {}, {}, {}},
                                              Config::Table{}, none, host.table()),
                      {}, host.table());
  double x = 5.0, V = 1.0;
  dk_simulation options{};
  options.method = "rk4";  // maps pass over it
  options.step = 0.01;
  call(system.table().propagate_tangent, &system.table(), t0, t1,
       static_cast<const double*>(nullptr), &options, &x, std::int64_t{1}, &V);
  EXPECT_NEAR(x, 5.0 * V, 1e-8 * x);  // both are linear
  return V;
}

TEST(System, CarriesTangentsOfMapsAtTheTimeOfEachStep) {
  const double V = carried_tangent<TimeModel<DK_MAP, 1>>(3.0, 5.0);
  EXPECT_NEAR(V, 0.75 * 1.0, 1e-9);  // central differences
}

// One right after the other, perhaps at the same address.
TEST(System, LeavesNothingOfItsTangentsToTheNextOne) {
  EXPECT_NEAR((carried_tangent<TimeModel<DK_MAP, 1>>(3.0, 4.0)), 0.75, 1e-9);
  EXPECT_NEAR((carried_tangent<TimeModel<DK_MAP, 2>>(3.0, 4.0)), 1.5, 1e-9);
  EXPECT_NEAR((carried_tangent<TimeModel<DK_FLOW>>(0.0, 1.0)), std::exp(0.5), 1e-8);
  EXPECT_NEAR((carried_tangent<TimeModel<DK_MAP, 3>>(3.0, 4.0)), 2.25, 1e-9);
}

TEST(System, StopsCarryingTangentsWhenCancelled) {
  std::atomic<bool> cancelled{true};
  try {
    carried_tangent<TimeModel<DK_FLOW>>(-1e7, 0.0, &cancelled);  // 1e9 steps
    FAIL() << "went on to the end";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DK_CANCELLED);
  }
}

}  // namespace
}  // namespace dynkit
