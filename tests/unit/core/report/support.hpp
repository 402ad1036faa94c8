#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/error.hpp"

namespace dynkit {

inline Array make_array(std::vector<std::int64_t> shape, Array::Values values) {
  return {std::move(shape), std::move(values), {}, "", ""};
}

// 0, 1, 2, ... in the shape given.
inline Array counting(std::vector<std::int64_t> shape) {
  Array array = make_array(std::move(shape), std::vector<double>{});
  for (std::int64_t i = 0; i < array.size(); ++i) array.numbers().push_back(static_cast<double>(i));
  return array;
}

// The message of the Error that `body` throws.
template <class Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

}  // namespace dynkit
