// Datasets and analyses at work: on a few small systems, with every kind of end.
#include <array>
#include <atomic>
#include <optional>
#include <string_view>

#include "checks.hpp"
#include "dynkit/analysis.h"
#include "dynkit/core/config.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "recording_sink.hpp"
#include "subject.hpp"

namespace dynkit::conformance {
namespace {

// What one run is given.
struct JobOptions {
  std::int32_t threads = 2;
  std::int64_t questions_before_cancel = -1;  // calls of `cancelled` that still say no; -1: never
  bool with_data = false;
};

struct JobOutcome {
  bool accepted = true;
  dk_status status = DK_OK;
  std::string message;
};

bool is_dataset(const CheckContext& context) {
  return std::string_view(context.component->interface_id) == DK_DATASET_V1;
}

// A host that says `cancelled` after some questions, and counts them.
class CountingHost {
 public:
  CountingHost(const dk_host& host, std::int64_t questions) : host_(host), left_(questions) {
    table_ = host;
    table_.context = this;
    table_.log = [](const dk_host* h, std::int32_t level, const char* text) {
      own(h).host_.log(&own(h).host_, level, text);
    };
    table_.progress = [](const dk_host* h, double fraction, const char* text) {
      // NaN and numbers above 1 are no fractions.
      if (!(fraction <= 1.0)) own(h).bad_fraction_ = true;
      own(h).host_.progress(&own(h).host_, fraction, text);
    };
    table_.cancelled = [](const dk_host* h) -> std::int32_t {
      return own(h).left_ >= 0 && own(h).asked_++ >= own(h).left_ ? 1 : 0;
    };
    table_.parallel_for = [](const dk_host* h, std::int64_t count, std::int64_t grain, dk_task task,
                             void* context, dk_error* error) {
      return own(h).host_.parallel_for(&own(h).host_, count, grain, task, context, error);
    };
    table_.worker_count = [](const dk_host* h) { return own(h).host_.worker_count(&own(h).host_); };
    table_.allocate = [](const dk_host* h, std::size_t bytes) {
      return own(h).host_.allocate(&own(h).host_, bytes);
    };
    table_.free = [](const dk_host* h, void* memory) { own(h).host_.free(&own(h).host_, memory); };
    table_.resource_directory = [](const dk_host* h) {
      return own(h).host_.resource_directory(&own(h).host_);
    };
  }
  const dk_host& table() const { return table_; }
  bool bad_fraction() const { return bad_fraction_; }

 private:
  static CountingHost& own(const dk_host* host) {
    return *static_cast<CountingHost*>(host->context);
  }

  const dk_host& host_;
  dk_host table_{};
  std::int64_t left_;
  std::atomic<std::int64_t> asked_{0};
  std::atomic<bool> bad_fraction_{false};
};

// The component's own work: generate, or accepts and run.
JobOutcome call_job(const CheckContext& context, void* instance, const dk_job& job) {
  JobOutcome outcome;
  dk_error error{};
  if (is_dataset(context)) {
    const auto& table = *static_cast<const dk_dataset_v1*>(context.component->interface_table);
    outcome.status = table.generate(static_cast<const dk_dataset*>(instance), &job, &error);
  } else {
    const auto& table = *static_cast<const dk_analysis_v1*>(context.component->interface_table);
    const auto* analysis = static_cast<const dk_analysis*>(instance);
    outcome.status = table.accepts(analysis, &job, &error);
    outcome.accepted = outcome.status == DK_OK;
    if (outcome.accepted) outcome.status = table.run(analysis, &job, &error);
  }
  if (outcome.status != DK_OK) {
    const std::string status = status_text(outcome.status, "the run");
    outcome.message =
        printable(std::string(error.message, strnlen(error.message, sizeof(error.message))));
    if (outcome.message.empty()) fail("the run ends with {} and no message", status);
  }
  return outcome;
}

// Runs with one of the built-in systems; `which` < 0: none.
JobOutcome run_job(const CheckContext& context, int which, const JobOptions& options,
                   RecordingSink& sink) {
  const CheckHost services(context, options.threads);
  const CountingHost host(services.table(), options.questions_before_cancel);
  const std::vector<BuiltinSystem> systems = builtin_systems(host.table());
  const dk_system* system =
      which >= 0 ? &systems[static_cast<std::size_t>(which)].system->table() : nullptr;
  const std::int64_t n = system != nullptr ? system->info->n : 3;
  BuiltinSource source(host.table());
  const ResolvedSettings settings =
      resolve_settings(*context.component, small_settings(context, n), source);
  const Instance instance(*context.component, settings.values(), host.table());
  const BuiltinData data(n, system != nullptr ? system->info->m : 0);
  const dk_stream stream = make_stream(context.seed, "job");
  const dk_job job{&host.table(),
                   &stream,
                   system != nullptr ? 1 : 0,
                   &system,
                   options.with_data ? &data.table() : nullptr,
                   &sink.table()};
  JobOutcome outcome = call_job(context, instance.get(), job);
  if (host.bad_fraction()) fail("reports a progress that is no fraction");
  return outcome;
}

// Which built-in systems a job is given in turn; -1: none.
constexpr int kSystems[] = {-1, 0, 1, 2, 3, 4};

const char* name_of(int which) {
  constexpr const char* kNames[] = {"a linear map, n = 3, m = 2", "a nonlinear flow, n = 2",
                                    "a flow that depends on time, n = 4", "a map of one state",
                                    "a flow with noise, n = 5"};
  return which < 0 ? "no model" : kNames[which];
}

// Adds what it was about to a failure.
template <class Body>
void on_system(int which, Body body) {
  try {
    body();
  } catch (const CheckFailure& e) {
    fail("with {}: {}", name_of(which), e.what());
  }
}

void check_figures(const CheckContext& context, const StageResult& result) {
  if (!context.figure_check) return;
  for (const Figure& figure : result.figures) {
    try {
      context.figure_check(figure, result.arrays);
    } catch (const Error& e) {
      fail("{}", e.what());
    }
  }
}

void check_runs(const CheckContext& context) {
  int done = 0;
  std::string reason;
  for (const int which : kSystems) {
    for (const bool with_data : {false, true}) {
      if (is_dataset(context) && with_data) continue;  // a dataset gets none
      on_system(which, [&] {
        RecordingSink sink;
        const JobOutcome outcome = run_job(context, which, {.with_data = with_data}, sink);
        if (!sink.flaw().empty()) fail("{}", sink.flaw());
        if (outcome.status != DK_OK) {
          reason = outcome.message;
          if (outcome.status == DK_INTERNAL) fail("an internal error: {}", outcome.message);
          if (outcome.status == DK_CANCELLED) fail("is cancelled, and nobody asked for it");
          return;
        }
        if (sink.puts() == 0) fail("ends well and puts nothing");
        check_figures(context, sink.result());
        ++done;
      });
    }
  }
  if (done > 0) return;
  if (is_dataset(context)) fail("generates nothing, with any model or none: {}", reason);
  skip("it refuses every system of this checker; the last time: {}", reason);
}

void check_repeats(const CheckContext& context) {
  int compared = 0;
  for (const int which : kSystems) {
    on_system(which, [&] {
      RecordingSink one, three, again;
      const JobOutcome outcome = run_job(context, which, {.threads = 1}, one);
      if (outcome.status != DK_OK) return;
      run_job(context, which, {.threads = 3}, three);
      run_job(context, which, {.threads = 3}, again);
      if (three.bytes() != again.bytes()) fail("gives other bytes the second time");
      if (one.bytes() != three.bytes()) fail("gives other bytes on 3 threads than on 1");
      ++compared;
    });
  }
  if (compared == 0) skip("no system of this checker is accepted");
}

void check_cancellation(const CheckContext& context) {
  int tried = 0;
  for (const int which : kSystems) {
    on_system(which, [&] {
      RecordingSink whole;
      if (run_job(context, which, {}, whole).status != DK_OK) return;
      for (const std::int64_t questions : {0, 1, 3, 10}) {
        RecordingSink sink;
        const JobOutcome outcome =
            run_job(context, which, {.questions_before_cancel = questions}, sink);
        if (!sink.flaw().empty()) fail("after cancelling: {}", sink.flaw());
        if (outcome.status == DK_OK || outcome.status == DK_CANCELLED) continue;
        fail("cancelled at question {}, the run ends with {} ({}) instead of DK_CANCELLED",
             questions, status_text(outcome.status, "the run"), outcome.message);
      }
      ++tried;
    });
  }
  if (tried == 0) skip("no system of this checker is accepted");
}

void check_failing_sink(const CheckContext& context) {
  int tried = 0;
  for (const int which : kSystems) {
    on_system(which, [&] {
      RecordingSink whole;
      if (run_job(context, which, {}, whole).status != DK_OK) return;
      for (const std::int64_t put : {std::int64_t{0}, whole.puts() / 2, whole.puts() - 1}) {
        RecordingSink sink(put);
        const JobOutcome outcome = run_job(context, which, {}, sink);
        if (outcome.status == DK_OK) fail("ends well though put number {} failed", put);
      }
      ++tried;
    });
  }
  if (tried == 0) skip("no system of this checker is accepted");
}

// The arrays that a dataset may put under names with a meaning.
void check_arrays(const ArrayMap& arrays) {
  const auto time = arrays.find("time");
  std::optional<std::int64_t> steps, trials;
  if (time != arrays.end()) {
    if (time->second.shape.size() != 1) fail("'time' is {}, not of rank 1", describe(time->second));
    steps = time->second.shape[0];
    const Numbers times = to_numbers(time->second, "time").numbers();
    for (std::size_t k = 1; k < times.size(); ++k) {
      if (!(times[k] > times[k - 1])) fail("'time' does not increase at element {}", k);
    }
  }
  constexpr std::pair<const char*, std::size_t> kRanks[] = {
      {"states", 3}, {"inputs", 3}, {"targets", 3}, {"rates", 3},
      {"spikes", 3}, {"mask", 2},   {"split", 1}};
  for (const auto& [name, rank] : kRanks) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) continue;
    const Array& array = found->second;
    if (array.shape.size() != rank) {
      fail("'{}' is {}, rank {} is due", name, describe(array), rank);
    }
    if (trials && *trials != array.shape[0]) {
      fail("'{}' has {} trials, others have {}", name, array.shape[0], *trials);
    }
    trials = array.shape[0];
    // One row fewer where rows stand for the steps between times.
    if (rank > 1 && steps && array.shape[1] != *steps && array.shape[1] != *steps - 1) {
      fail("'{}' has {} time steps, 'time' has {}", name, array.shape[1], *steps);
    }
    if (name != std::string_view("split")) continue;
    const Numbers parts = to_numbers(array, name).numbers();
    for (const double part : parts) {
      if (part != 0.0 && part != 1.0 && part != 2.0) fail("'split' holds {}", part);
    }
  }
}

void check_dataset_arrays(const CheckContext& context) {
  if (!is_dataset(context)) skip("it is no dataset");
  int looked_at = 0;
  for (const int which : kSystems) {
    on_system(which, [&] {
      RecordingSink sink;
      if (run_job(context, which, {}, sink).status != DK_OK) return;
      check_arrays(sink.result().arrays);
      ++looked_at;
    });
  }
  if (looked_at == 0) skip("it generates nothing here");
}

constexpr std::array kChecks = {
    Check{
        "runs", Scope::job, false,
        "A dataset generates with small sizes and its other settings at their defaults. An "
        "analysis meets a linear map, a nonlinear flow, a flow that depends on time, a map of one "
        "state, a flow with noise, and no model, each with data and without: it gives results "
        "whose names are in lower_snake_case and whose figures can be drawn, or refuses with "
        "a reason.",
        check_runs},
    Check{"repeats", Scope::job, false,
          "The same seed gives the same bytes the second time, and on one and three threads. A "
          "summary value 'seconds' is left out of the comparison.",
          check_repeats},
    Check{
        "cancellation", Scope::job, false,
        "Asked to stop at the first, second, fourth and eleventh question, a run comes to an end, "
        "with DK_CANCELLED or because it was done.",
        check_cancellation},
    Check{
        "failing_sink", Scope::job, false,
        "Where the first, a middle or the last put fails, the run ends with an error: what was not "
        "stored is not reported as done.",
        check_failing_sink},
    Check{"dataset_arrays", Scope::job, false,
          "Arrays with a meaning (time, states, inputs, targets, rates, spikes, mask, split) have "
          "the "
          "rank and the numbers of trials and steps that belong together.",
          check_dataset_arrays},
};

}  // namespace

std::span<const Check> job_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
