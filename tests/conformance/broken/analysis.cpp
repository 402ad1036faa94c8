// An analysis with one flaw, named by the macro FLAW; `none` is a good one: it evaluates a map at a
// few typical states.
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/job.hpp"

namespace broken {

enum Flaw {
  none,
  counts_runs,
  depends_on_threads,
  capital_name,
  figure_without_array,
  refuses_silently,
  ignores_sink,
  never_stops,
  crashes_without_model,
  cancels_itself,
  uneven_table,
};
constexpr bool is(Flaw flaw) {
  return flaw == FLAW;
}

using dynkit::Error;

std::atomic<int> runs{0};

class Analysis {
 public:
  static constexpr dk_setting kSettings[] = {
      dynkit::integer_setting("count", "11", 1, 1e6, "states to look at")};

  Analysis(const dk_host&, const dynkit::Settings& settings) : count_(settings.integer("count")) {}

  void accepts(const dk_job& job) const {
    if (is(crashes_without_model)) {
      if (job.systems[0]->info->time_kind == DK_MAP) return;
    } else if (job.system_count == 1 && job.systems[0]->info->time_kind == DK_MAP) {
      return;
    }
    throw Error(DK_UNSUPPORTED, is(refuses_silently) ? "" : "needs a map");
  }

  void run(const dk_job& job) const {
    const dk_system& system = *job.systems[0];
    const std::int64_t n = system.info->n;
    std::vector<double> speeds(static_cast<std::size_t>(count_));
    dynkit::parallel_for(*job.host, count_, 2, [&](std::int64_t begin, std::int64_t end, int) {
      std::vector<double> x(static_cast<std::size_t>(n)), next(x);
      for (std::int64_t s = begin; s < end; ++s) {
        if (is(never_stops)) {
          while (job.host->cancelled(job.host) != 0) {
          }
        }
        dk_stream stream{};
        job.host->split(job.host, job.stream, s, &stream);
        dynkit::call(system.typical_state, &system, &stream, x.data());
        dk_points points{};
        points.count = 1;
        points.x = {x.data(), n};
        const dk_output out{next.data(), n};
        dynkit::call(system.eval, &system, &points, &out);
        speeds[static_cast<std::size_t>(s)] = next[0] - x[0];
      }
    });
    if (job.host->cancelled(job.host) != 0) throw Error(DK_CANCELLED, "stopped");
    if (is(cancels_itself)) throw Error(DK_CANCELLED, "no desire to go on");
    if (is(counts_runs)) speeds[0] = runs++;
    if (is(depends_on_threads)) speeds[0] = job.host->worker_count(job.host);
    put(job, speeds);
  }

 private:
  void put(const dk_job& job, const std::vector<double>& speeds) const {
    const dynkit::Sink sink(*job.sink);
    try {
      sink.array(is(capital_name) ? "Speeds" : "speeds", {count_}, speeds, {{"state"}});
      sink.value("states", count_, "states looked at");
      const std::vector<double> fewer(speeds.begin() + (is(uneven_table) ? 1 : 0), speeds.end());
      sink.table("table", "Speeds",
                 {dynkit::Sink::column("speed", speeds), dynkit::Sink::column("again", fewer)});
      const dk_series series{
          "line",  "speed", nullptr, is(figure_without_array) ? "velocities" : "speeds",
          nullptr, nullptr, nullptr};
      sink.figure({"figure", "Speeds", nullptr, nullptr, nullptr, nullptr, 1, &series});
    } catch (const Error&) {
      if (!is(ignores_sink)) throw;
    }
  }

  std::int64_t count_;
};

}  // namespace broken

DYNKIT_PLUGIN(dynkit::analysis_component<broken::Analysis>({"org.example.analysis", "1.0.0",
                                                            "x' - x at typical states of a map"}))
