// A model as a System: what callers leave out is filled in.
#include "dynkit/core/system.hpp"

#include <gtest/gtest.h>

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
  System system{std::make_shared<Model>(LoadedComponent{&kComponent, nullptr, {}}, Config::Table{},
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

}  // namespace
}  // namespace dynkit
