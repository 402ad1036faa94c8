#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <complex>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"

namespace dynkit {

/// A folder that is removed with what it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "dynkit-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw Error(DK_IO, "no temporary folder " + name);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const char* name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::filesystem::path golden(const char* name) {
  return std::filesystem::path(GOLDEN_FOLDER) / name;
}

/// The message of the Error that `call` throws, which must be of this status.
template <class Call>
std::string error_of(Call call, dk_status status = DK_IO) {
  try {
    call();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), status) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

template <class Element>
Array make_array(std::vector<std::int64_t> shape, std::vector<Element> elements) {
  Array array;
  array.shape = std::move(shape);
  array.values = std::move(elements);
  return array;
}

/// Element k of an array, different for every k, and using all of the type's range.
template <class Element>
Element sample(std::size_t k) {
  const double x = std::ldexp(1.0 + 0.1 * static_cast<double>(k), static_cast<int>(k) - 9);
  if constexpr (std::is_same_v<Element, double>) return k % 2 == 0 ? x : -x;
  if constexpr (std::is_same_v<Element, std::complex<double>>) return {x, -1.0 / x};
  if constexpr (std::is_same_v<Element, std::int64_t>) return INT64_MIN + 977 * std::int64_t(k);
  if constexpr (std::is_same_v<Element, std::uint8_t>) return static_cast<std::uint8_t>(255 - k);
  if constexpr (std::is_same_v<Element, std::string>) {
    return k % 3 == 0 ? std::string(k, 'x') : "größe 日 🧠 " + std::to_string(k);
  }
}

template <class Element>
Array sample_array(std::vector<std::int64_t> shape) {
  Array array = make_array<Element>(std::move(shape), {});
  std::vector<Element> elements;
  for (std::int64_t k = 0; k < array.size(); ++k) {
    elements.push_back(sample<Element>(static_cast<std::size_t>(k)));
  }
  array.values = std::move(elements);
  return array;
}

/// Arrays of ranks 0 to 4, pairwise different sizes, and one without elements.
template <class Element>
void add_samples(ArrayMap& arrays, const std::string& group) {
  const std::vector<std::int64_t> extents = {3, 2, 5, 4};
  for (std::size_t rank = 0; rank <= 4; ++rank) {
    const auto end = extents.begin() + static_cast<std::ptrdiff_t>(rank);
    arrays[group + "/rank" + std::to_string(rank)] = sample_array<Element>({extents.begin(), end});
  }
  arrays[group + "/empty"] = sample_array<Element>({3, 0, 2});
}

inline ArrayMap samples_of_every_type() {
  ArrayMap arrays;
  add_samples<double>(arrays, "real");
  add_samples<std::complex<double>>(arrays, "complex");
  add_samples<std::int64_t>(arrays, "integer");
  add_samples<std::uint8_t>(arrays, "octet");
  add_samples<std::string>(arrays, "text");
  return arrays;
}

inline void expect_equal(const Array& actual, const Array& expected, const std::string& name = "") {
  EXPECT_EQ(actual.shape, expected.shape) << name;
  EXPECT_TRUE(actual.values == expected.values) << name;
  EXPECT_EQ(actual.dimensions, expected.dimensions) << name;
  EXPECT_EQ(actual.unit, expected.unit) << name;
  EXPECT_EQ(actual.help, expected.help) << name;
}

inline void expect_equal(const ArrayMap& actual, const ArrayMap& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, array] : expected) {
    ASSERT_EQ(actual.count(name), 1u) << name;
    expect_equal(actual.at(name), array, name);
  }
}

// The arrays that tests/golden/data/make.py writes: element k in C order of [2,3,4] is

inline Array golden_array(const std::string& type) {
  static const std::vector<std::string> texts = {"",       "a",          "größe",
                                                 "日本語", "🧠 spike", "two words "};
  static const std::vector<std::string> ascii = {"", "a", "bc", "def", "g h", "two words "};
  if (type[0] == 'U') return make_array<std::string>({2, 3}, texts);
  if (type[0] == 'S') return make_array<std::string>({2, 3}, ascii);
  std::vector<double> reals;
  std::vector<std::complex<double>> complexes;
  std::vector<std::int64_t> integers, unsigneds;
  std::vector<std::uint8_t> octets, booleans;
  for (int k = 0; k < 24; ++k) {
    reals.push_back((k - 5) * 0.375);
    complexes.emplace_back(reals.back(), k * 0.5 - 3);
    integers.push_back(k * 5 - 60);
    unsigneds.push_back(k * 11);
    octets.push_back(static_cast<std::uint8_t>(k * 11));
    booleans.push_back(k % 3 == 1);
  }
  if (type[0] == 'f') return make_array({2, 3, 4}, reals);
  if (type[0] == 'c') return make_array({2, 3, 4}, complexes);
  if (type[0] == 'i') return make_array({2, 3, 4}, integers);
  if (type[0] == 'b') return make_array({2, 3, 4}, booleans);
  return type[1] == '1' ? make_array({2, 3, 4}, octets) : make_array({2, 3, 4}, unsigneds);
}

}  // namespace dynkit
