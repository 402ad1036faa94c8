#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "dynkit/core/result.hpp"
#include "dynkit/job.h"

namespace dynkit {

/// Collects what a plugin puts. Calls may come from any thread.
class ResultSink {
 public:
  /// `put_model` keeps a model that belongs to the result.
  using ModelKeeper = std::function<void(const std::string& name, const dk_system& system)>;

  ResultSink(StageResult& result, ModelKeeper put_model);
  ResultSink(const ResultSink&) = delete;
  ResultSink& operator=(const ResultSink&) = delete;

  const dk_sink& table() const { return table_; }

 private:
  void put_array(const char* name, const dk_array& array);
  void put_table(const char* name, const char* title, std::int64_t count, const dk_column* columns);
  void put_figure(const dk_figure& figure);
  void put_text(const char* name, const char* markdown);

  StageResult& result_;
  ModelKeeper put_model_;
  std::mutex mutex_;
  dk_sink table_{};
};

}  // namespace dynkit
