// Values of parameters by name: each has the shape of its block.
#include <gtest/gtest.h>

#include "dynkit/component.hpp"
#include "dynkit/core/model.hpp"
#include "dynkit/core/services.hpp"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

// A number a, a matrix W [2,3] and a vector v [1].
class ThreeBlocks {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  ThreeBlocks(const dk_host&, const Settings&) {
    blocks_[0].name = "a";
    blocks_[1].name = "W";
    blocks_[1].rank = 2;
    blocks_[1].shape[0] = 2;
    blocks_[1].shape[1] = 3;
    blocks_[1].offset = 1;
    blocks_[2].name = "v";
    blocks_[2].rank = 1;
    blocks_[2].shape[0] = 1;
    blocks_[2].offset = 7;
    for (dk_block& block : blocks_) {
      block.lower = -100.0;
      block.upper = 100.0;
    }
    info_.time_kind = DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.n = 1;
    info_.p = 8;
    info_.block_count = 3;
    info_.blocks = blocks_;
  }

  const dk_model_info& info() const { return info_; }
  void eval(const dk_points&, const dk_output&) const {}

 private:
  dk_block blocks_[3]{};
  dk_model_info info_{};
};

using testing::NoFiles;

constexpr dk_component kThreeBlocks =
    model_component<ThreeBlocks>({"org.test.three_blocks", "1.0.0", "a number and a matrix"});

Config row(std::initializer_list<double> numbers) {
  Config::List list;
  for (const double number : numbers) list.push_back(Config{number});
  return Config{std::move(list)};
}

// theta with one parameter set, from zeros.
std::vector<double> with(const std::string& name, Config value) {
  NoFiles none;
  Services services;
  const HostTable host{services, "."};
  const Model model(LoadedComponent{&kThreeBlocks, {}, {}, {}}, Config::Table{}, none,
                    host.table());
  std::vector<double> theta(8, 0.0);
  set_parameters(model.layout(), {{name, std::move(value)}}, theta);
  return theta;
}

std::string refusal(const std::string& name, Config value) {
  try {
    with(name, std::move(value));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SHAPE_MISMATCH);
    return error.what();
  }
  return "";
}

TEST(ParameterValues, AreTakenRowByRow) {
  EXPECT_EQ(with("W", Config{Config::List{row({1, 2, 3}), row({4, 5, 6})}}),
            (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 0}));
  EXPECT_EQ(with("a", Config{7.5}), (std::vector<double>{7.5, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(ParameterValues, OfOneElementMayBeASingleNumber) {
  const std::vector<double> expected = {0, 0, 0, 0, 0, 0, 0, 7.5};
  EXPECT_EQ(with("v", Config{7.5}), expected);
  EXPECT_EQ(with("v", row({7.5})), expected);
}

TEST(ParameterValues, OfAnotherShapeAreRefused) {
  EXPECT_EQ(refusal("W", Config{2.0}),
            "parameter 'W': a single number is given, it needs shape [2,3]");
  EXPECT_EQ(refusal("W", row({1, 2, 3, 4, 5, 6})),
            "parameter 'W': shape [6] is given, it needs shape [2,3]");
  EXPECT_EQ(refusal("W", Config{Config::List{row({1, 2}), row({3, 4}), row({5, 6})}}),
            "parameter 'W': shape [3,2] is given, it needs shape [2,3]");
  EXPECT_EQ(refusal("a", row({1})), "parameter 'a': shape [1] is given, it needs a single number");
}

TEST(ParameterValues, OfUnequalRowsAreRefused) {
  EXPECT_EQ(refusal("W", Config{Config::List{row({1, 2, 3}), row({4, 5})}}),
            "parameter 'W': the lists within a list differ in shape");
}

}  // namespace
}  // namespace dynkit
