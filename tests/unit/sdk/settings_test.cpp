#include "dynkit/settings.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace dynkit {
namespace {

constexpr dk_setting kDeclared[] = {array_setting("matrix", "some numbers", DK_OPTIONAL)};

// The values of one setting, an array [2,3] or none.
class GivenMatrix {
 public:
  explicit GivenMatrix(bool given) {
    value_.given = given ? 1 : 0;
    value_.array = {};
    if (!given) return;
    value_.array.type = DK_F64;
    value_.array.rank = 2;
    value_.array.shape[0] = 2;
    value_.array.shape[1] = 3;
    value_.array.data = numbers.data();
  }

  Settings settings() const { return {kDeclared, {1, &value_}}; }

  std::array<double, 6> numbers = {0.5, 1.5, -2.0, 3.0, 4.0, 5.5};

 private:
  dk_value value_{};
};

TEST(NumberArray, KeepsShapeAndElements) {
  const GivenMatrix matrix(true);
  const NumberArray kept = matrix.settings().finite_array("matrix");
  EXPECT_TRUE(kept.given);
  EXPECT_EQ(kept.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(kept.values, std::vector<double>(matrix.numbers.begin(), matrix.numbers.end()));
}

TEST(NumberArray, IsEmptyWhereLeftOut) {
  const GivenMatrix nothing(false);
  const NumberArray kept = nothing.settings().finite_array("matrix");
  EXPECT_FALSE(kept.given);
  EXPECT_TRUE(kept.shape.empty());
  EXPECT_TRUE(kept.values.empty());
}

TEST(NumberArray, MayHoldWhatIsNotFinite) {
  GivenMatrix matrix(true);
  matrix.numbers[4] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(matrix.settings().array("matrix").values[4], HUGE_VAL);
}

TEST(NumberArray, NamesTheElementThatIsNotFinite) {
  GivenMatrix matrix(true);
  matrix.numbers[4] = std::numeric_limits<double>::quiet_NaN();
  try {
    static_cast<void>(matrix.settings().finite_array("matrix"));
    FAIL() << "NaN was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    EXPECT_STREQ(error.what(), "setting 'matrix': element 4 is nan, not a finite number");
  }
}

TEST(ShapeText, ListsTheExtents) {
  EXPECT_EQ(shape_text({5, 2}), "[5,2]");
  EXPECT_EQ(shape_text({}), "[]");
}

}  // namespace
}  // namespace dynkit
