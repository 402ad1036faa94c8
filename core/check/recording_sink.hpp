// A sink that keeps what a plugin puts, or fails where it is told to.
#pragma once

#include <mutex>
#include <string>

#include "checks.hpp"
#include "dynkit/core/result.hpp"
#include "dynkit/job.h"

namespace dynkit::conformance {

class RecordingSink {
 public:
  /// `failing_put` >= 0: the put of this number and all after it return DK_IO.
  explicit RecordingSink(std::int64_t failing_put = -1);
  RecordingSink(const RecordingSink&) = delete;
  RecordingSink& operator=(const RecordingSink&) = delete;

  const dk_sink& table() const { return table_; }
  const StageResult& result() const { return result_; }
  std::int64_t puts() const { return puts_; }

  /// What a put broke: "array name 'X' is not in lower_snake_case"; empty: nothing.
  const std::string& flaw() const { return flaw_; }

  /// Everything that was put, to compare runs; without the value `seconds`.
  std::string bytes() const;

 private:
  template <class Body>
  dk_status put(dk_error* error, Body body);

  void keep_array(const char* name, const dk_array& array);
  void keep_table(const char* name, const char* title, std::int64_t count,
                  const dk_column* columns);
  void keep_figure(const dk_figure& figure);
  void keep_model(const char* name, const dk_system& system);

  std::mutex mutex_;
  StageResult result_;
  std::int64_t puts_ = 0;
  std::int64_t failing_put_;
  std::string flaw_;
  dk_sink table_{};
};

}  // namespace dynkit::conformance
