// What a job offers, for authors in C++: results, streams and loops without the C tables' ceremony.
#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/job.h"

namespace dynkit {

/// How an array is put: names of its axes, unit and a line of help.
struct Label {
  std::vector<const char*> dimensions = {};
  const char* unit = nullptr;
  const char* help = nullptr;
};

/// Puts results. Throws Error where the host refuses.
class Sink {
 public:
  explicit Sink(const dk_sink& sink) : sink_(&sink) {}

  void array(const char* name, const std::vector<std::int64_t>& shape,
             const std::vector<double>& values, const Label& label) const {
    put(name, view(DK_F64, shape, values.data(), label));
  }
  void array(const char* name, const std::vector<std::int64_t>& shape,
             const std::vector<std::complex<double>>& values, const Label& label) const {
    put(name, view(DK_C128, shape, values.data(), label));
  }
  void array(const char* name, const std::vector<std::int64_t>& shape,
             const std::vector<std::int64_t>& values, const Label& label) const {
    put(name, view(DK_I64, shape, values.data(), label));
  }
  void array(const char* name, const std::vector<std::int64_t>& shape,
             const std::vector<const char*>& values, const Label& label) const {
    put(name, view(DK_TEXT_ELEMENT, shape, values.data(), label));
  }

  /// A summary value.
  void value(const char* name, double value, const char* help, const char* unit = nullptr) const {
    put(name, view(DK_F64, {}, &value, {{}, unit, help}));
  }
  void value(const char* name, std::int64_t value, const char* help) const {
    put(name, view(DK_I64, {}, &value, {{}, nullptr, help}));
  }
  void value(const char* name, const char* text, const char* help) const {
    put(name, view(DK_TEXT_ELEMENT, {}, &text, {{}, nullptr, help}));
  }

  void table(const char* name, const char* title, const std::vector<dk_column>& columns) const {
    call(sink_->put_table, sink_, name, title, static_cast<std::int64_t>(columns.size()),
         columns.data());
  }
  void figure(const dk_figure& figure) const { call(sink_->put_figure, sink_, &figure); }
  void text(const char* name, const std::string& markdown) const {
    call(sink_->put_text, sink_, name, markdown.c_str());
  }
  void model(const char* name, const dk_system& system) const {
    call(sink_->put_model, sink_, name, &system);
  }

  /// A column of a table; `values` must outlive the put.
  static dk_column column(const char* name, const std::vector<double>& values,
                          const char* help = nullptr) {
    return {name, view(DK_F64, {static_cast<std::int64_t>(values.size())}, values.data(),
                       {{}, nullptr, help})};
  }
  static dk_column column(const char* name, const std::vector<std::int64_t>& values,
                          const char* help = nullptr) {
    return {name, view(DK_I64, {static_cast<std::int64_t>(values.size())}, values.data(),
                       {{}, nullptr, help})};
  }
  static dk_column column(const char* name, const std::vector<const char*>& values,
                          const char* help = nullptr) {
    return {name, view(DK_TEXT_ELEMENT, {static_cast<std::int64_t>(values.size())}, values.data(),
                       {{}, nullptr, help})};
  }

 private:
  static dk_array view(std::int32_t type, const std::vector<std::int64_t>& shape, const void* data,
                       const Label& label) {
    dk_array array{};
    array.type = type;
    array.rank = static_cast<std::int32_t>(shape.size());
    for (std::size_t axis = 0; axis < shape.size() && axis < DK_MAX_RANK; ++axis) {
      array.shape[axis] = shape[axis];
    }
    array.data = data;
    array.dimensions = label.dimensions.empty() ? nullptr : label.dimensions.data();
    array.unit = label.unit;
    array.help = label.help;
    return array;
  }

  void put(const char* name, const dk_array& array) const {
    call(sink_->put_array, sink_, name, &array);
  }

  const dk_sink* sink_;
};

/// host.parallel_for with a callable `body(begin, end, worker)`.
template <class Body>
void parallel_for(const dk_host& host, std::int64_t count, std::int64_t grain, Body body) {
  const dk_task task = [](void* context, std::int64_t begin, std::int64_t end, std::int32_t worker,
                          dk_error* error) {
    return guard(error, [&] { (*static_cast<Body*>(context))(begin, end, worker); });
  };
  call(host.parallel_for, &host, count, grain, task, static_cast<void*>(&body));
}

}  // namespace dynkit
