#include "outcomes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "dynkit/error.hpp"

namespace dynkit::trajectories {
namespace {

// Of a message.
constexpr std::size_t kShownStates = 4;  // components of a state
constexpr int kTimeDigits = 6;

struct Words {
  const char* name;
  const char* sentence;
};

Words words_for(std::int32_t code) {
  switch (code) {
    case DK_NOT_FINITE:
      return {"not finite", "the state is not finite any more"};
    case DK_STEP_TOO_SMALL:
      return {"step too small", "the tolerance cannot be met"};
    case DK_TOO_MANY_STEPS:
      return {"too many steps", "too many steps are needed"};
    case DK_STOPPED:
      return {"stopped", "it was stopped"};
    default:
      return {"unknown", "for a reason of which this plugin does not know"};
  }
}

std::string text_of(double value, int digits = 5) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string text_of(std::span<const double> state) {
  std::string text;
  for (std::size_t i = 0; i < std::min(state.size(), kShownStates); ++i) {
    text += (text.empty() ? "(" : ", ") + text_of(state[i]);
  }
  if (state.size() > kShownStates) {
    text += ", ... " + std::to_string(state.size() - kShownStates) + " more";
  }
  return text + ")";
}

bool is_finite(std::span<const double> state) {
  return std::all_of(state.begin(), state.end(), [](double x) { return std::isfinite(x); });
}

std::string sentence(const Failure& failure) {
  const std::string trial = "trial " + std::to_string(failure.first);
  if (std::isnan(failure.last_time)) {
    return trial + " could not start: its initial state " + failure.known_state + " is not finite";
  }
  return trial + " ended " + (failure.last_time < 0.0 ? "in the burn-in, " : "") +
         "at t = " + text_of(failure.last_time, kTimeDigits) + ": " +
         words_for(failure.code).sentence +
         "; its last known state, at t = " + text_of(failure.known_time, kTimeDigits) + ", is " +
         failure.known_state;
}

void put_table(const Sink& sink, const std::vector<Failure>& failures) {
  std::vector<const char*> names, states;
  std::vector<std::int64_t> trials, first;
  std::vector<double> last_times, known_times;
  for (const Failure& failure : failures) {
    names.push_back(words_for(failure.code).name);
    trials.push_back(failure.trials);
    first.push_back(failure.first);
    last_times.push_back(failure.last_time);
    known_times.push_back(failure.known_time);
    states.push_back(failure.known_state.c_str());
  }
  sink.table("failures",
             "Trials that did not reach the end, and where the first of each kind ended",
             {Sink::column("outcome", names), Sink::column("trials", trials),
              Sink::column("first", first, "trial"),
              Sink::column("last_time", last_times, "of its last valid state"),
              Sink::column("known_time", known_times, "of its last state that is known"),
              Sink::column("known_state", states, "that state")});
}

}  // namespace

Outcomes::Outcomes(std::int64_t S)
    : codes(static_cast<std::size_t>(S), DK_STOPPED),
      last_times(static_cast<std::size_t>(S), std::numeric_limits<double>::quiet_NaN()) {}

std::vector<Failure> find_failures(const Outcomes& outcomes, std::span<const double> times,
                                   std::span<const double> rows) {
  const std::size_t K = times.size(), n = rows.size() / (outcomes.codes.size() * K);
  std::vector<Failure> failures;
  for (std::size_t s = 0; s < outcomes.codes.size(); ++s) {
    const std::int32_t code = outcomes.codes[s];
    if (code == DK_REACHED_END) continue;
    const auto known = std::find_if(failures.begin(), failures.end(),
                                    [&](const Failure& failure) { return failure.code == code; });
    if (known != failures.end()) {
      ++known->trials;
      continue;
    }
    const auto row = [&](std::size_t k) { return rows.subspan((s * K + k) * n, n); };
    std::size_t k = 0;
    while (k + 1 < K && is_finite(row(k + 1))) ++k;
    failures.push_back(
        {code, 1, static_cast<std::int64_t>(s), outcomes.last_times[s], times[k], text_of(row(k))});
  }
  return failures;
}

void put_outcomes(const dk_job& job, const Outcomes& outcomes,
                  const std::vector<Failure>& failures) {
  const Sink sink(*job.sink);
  const auto S = static_cast<std::int64_t>(outcomes.codes.size());
  sink.array("outcome", {S},
             std::vector<std::int64_t>(outcomes.codes.begin(), outcomes.codes.end()),
             {{"trial"},
              nullptr,
              "0 reached the end, 1 state not finite, 2 step too small for the tolerance, 3 too "
              "many steps, 4 stopped"});
  sink.array("last_time", {S}, outcomes.last_times,
             {{"trial"}, nullptr, "time of the last valid state; below 0: in the burn-in"});
  const std::int64_t failed = std::accumulate(
      failures.begin(), failures.end(), std::int64_t{0},
      [](std::int64_t sum, const Failure& failure) { return sum + failure.trials; });
  const std::string all = std::to_string(S);
  const std::string reached = failed == S ? "none" : std::to_string(S - failed);
  sink.value("failed", failed, "trials that did not reach the end; NaN from there on");
  sink.value("reached_end", (reached + " of " + all + " trials").c_str(), "trials that did");
  if (failed == 0) return;
  put_table(sink, failures);
  if (std::count(outcomes.codes.begin(), outcomes.codes.end(), DK_STOPPED) > 0) {
    throw Error(DK_CANCELLED, "stopped before the last sample");
  }
  const std::string what =
      failed == S ? "none of " + all + " trials reached the end; "
                  : std::to_string(failed) + " of " + all + " trials did not reach the end; ";
  job.host->log(job.host, DK_LOG_WARNING, (what + sentence(failures.front())).c_str());
}

}  // namespace dynkit::trajectories
