#include "search.hpp"

#include <algorithm>

#include "dynkit/job.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr std::int64_t kFirstSlice = 16;
constexpr std::size_t kKeptMinima = 64;
constexpr std::int64_t kSingularPoints = 100;  // this many are no accident but a continuum

std::vector<double> draw_direction(const dk_host& host, const dk_stream& stream, std::int64_t n) {
  dk_stream own{};
  host.split(&host, &stream, 0, &own);
  std::vector<double> direction(static_cast<std::size_t>(n));
  host.normal(&host, &own, n, direction.data());
  return direction;
}

dk_stream branch(const dk_host& host, const dk_stream& stream, std::int64_t index) {
  dk_stream child{};
  host.split(&host, &stream, index, &child);
  return child;
}

class Search {
 public:
  Search(const SearchProblem& problem, const SearchOptions& options, const dk_host& host,
         const dk_stream& stream)
      : problem_(problem),
        options_(options),
        host_(host),
        n_(problem.equation.size()),
        registry_(draw_direction(host, stream, n_)),
        starts_(host, branch(host, stream, 1), n_, problem.given, problem.box, options.noise) {
    const std::int32_t workers = host.worker_count(&host);
    for (std::int32_t w = 0; w < workers; ++w) {
      solvers_.emplace_back(n_, options.method, options.newton);
    }
  }

  SearchResult run() {
    run_round(problem_.seeds);
    // Short slices first, so that what the first starts find stops the later ones early.
    for (std::int64_t done = 0, slice = kFirstSlice; done < options_.first_starts && !over();
         done += slice, slice *= 2) {
      slice = std::min(slice, options_.first_starts - done);
      run_round(starts_.from_given(slice));
    }
    while (!over()) {
      const std::int64_t count = std::max(options_.round_starts, inside_);
      std::vector<double> round = std::move(images_);
      images_.clear();
      const std::vector<double> made = starts_.from_roots(count, registry_.roots());
      round.insert(round.end(), made.begin(), made.end());
      run_round(round);
    }
    result_.roots = registry_.roots();
    return std::move(result_);
  }

 private:
  void run_round(const std::vector<double>& round);
  void merge(StartReport& report);
  void add_root(Root& root);
  bool over();
  std::int64_t quiet_needed() const {
    return std::max(options_.stop.quiet_starts, options_.stop.quiet_per_root * inside_);
  }
  std::string missing() const;
  void show_progress() const;

  const SearchProblem& problem_;
  const SearchOptions& options_;
  const dk_host& host_;
  std::int64_t n_;
  Registry registry_;
  Starts starts_;
  std::vector<StartSolver> solvers_;  // one a worker
  std::vector<double> images_;        // of new roots: starts of the next round
  SearchResult result_;
  std::int64_t inside_ = 0;
  std::int64_t singular_ = 0;
  std::int64_t kinks_ = 0;
  bool full_ = false;              // one more than max_points turned up
  std::int64_t quiet_ = 0;         // starts since the last new root that reached an old one
  std::int64_t quiet_failed_ = 0;  // and that failed
};

void Search::run_round(const std::vector<double>& round) {
  const auto n = static_cast<std::size_t>(n_);
  const std::int64_t count = std::min(static_cast<std::int64_t>(round.size() / n),
                                      options_.stop.max_starts - result_.starts);
  if (count <= 0) return;
  std::vector<StartReport> reports(static_cast<std::size_t>(count));
  const std::int64_t grain = n_ >= 32 ? 1 : 16;
  parallel_for(host_, count, grain, [&](std::int64_t begin, std::int64_t end, std::int32_t worker) {
    StartSolver& solver = solvers_[static_cast<std::size_t>(worker)];
    for (std::int64_t s = begin; s < end; ++s) {
      if (host_.cancelled(&host_) != 0) return;
      const auto at = static_cast<std::size_t>(s);
      reports[at] = solver.solve(problem_.equation, registry_, std::span(round).subspan(at * n, n));
    }
  });
  if (host_.cancelled(&host_) != 0) {
    result_.cancelled = true;
    result_.incomplete = "the search was cancelled";
    return;
  }
  for (StartReport& report : reports) {
    merge(report);
    if (full_) break;
  }
  ++result_.rounds;
  show_progress();
}

void Search::merge(StartReport& report) {
  if (report.end == StartEnd::new_root) {
    report.known = registry_.find_same(report.root.x, report.root.merge_radius);
    full_ = report.known < 0 && registry_.size() == options_.stop.max_points;
    if (full_) return;
  }
  ++result_.starts;
  result_.factorizations += report.factorizations;
  result_.ceres_solves += report.ceres_solves;
  if (report.end == StartEnd::new_root) {
    if (report.known < 0) {
      add_root(report.root);
      return;
    }
    report.end = StartEnd::known_root;
  }
  if (report.end == StartEnd::known_root) {
    registry_.count_hit(report.known);
    ++quiet_;
    return;
  }
  ++quiet_failed_;
  const auto reason = std::ranges::find(kFailures, report.end) - kFailures.begin();
  ++result_.failures[static_cast<std::size_t>(reason)];
  if (report.end == StartEnd::local_minimum &&
      result_.minima.size() < kKeptMinima * static_cast<std::size_t>(n_)) {
    result_.minima.insert(result_.minima.end(), report.x.begin(), report.x.end());
  }
}

void Search::add_root(Root& root) {
  root.inside = !problem_.box || first_outside(root.x, *problem_.box) < 0;
  if (root.inside) {
    ++inside_;
    root.kink = problem_.on_kink && problem_.on_kink(root.x);
    if (root.kink) root.sign = 0;
    kinks_ += root.kink;
    singular_ += root.sign == 0 && !root.kink;
    quiet_ = quiet_failed_ = 0;
    if (problem_.image) {
      images_.resize(images_.size() + root.x.size());
      problem_.image(root.x, std::span(images_).last(root.x.size()));
    }
  } else {
    ++quiet_;
  }
  registry_.add(std::move(root));
}

void Search::show_progress() const {
  const double share = static_cast<double>(quiet_) / static_cast<double>(quiet_needed());
  const std::string text =
      std::to_string(inside_) + " points from " + std::to_string(result_.starts) + " starts";
  host_.progress(&host_, std::min(share, 0.99), text.c_str());
}

// What the set lacks although nothing new turns up; empty: nothing.
std::string Search::missing() const {
  std::int64_t rare = 0;
  std::int64_t index_sum = 0;
  for (const Root& root : registry_.roots()) {
    if (!root.inside) continue;
    rare += root.hits < options_.stop.hits;
    index_sum += root.sign;
  }
  if (problem_.box && singular_ == 0 && kinks_ == 0 && index_sum != 1) {
    return "the index sum is " + std::to_string(index_sum) + ", not +1";
  }
  if (rare > 0) {
    return std::to_string(rare) + (rare == 1 ? " point was" : " points were") +
           " reached by fewer than " + std::to_string(options_.stop.hits) + " starts";
  }
  return "";
}

// Whether to stop, and, in result_.incomplete, what is then to be said.
bool Search::over() {
  const StopRule& stop = options_.stop;
  const std::int64_t needed = quiet_needed();
  const auto because = [this](std::string why) {
    result_.incomplete = std::move(why);
    return true;
  };
  if (result_.cancelled) return true;
  if (full_) {
    return because("more than max_points = " + std::to_string(stop.max_points) + " points");
  }
  if (quiet_ >= needed) {
    const std::string why = missing();
    if (why.empty() || quiet_ >= stop.patience * needed) return because(why);
  }
  if (singular_ >= kSingularPoints && 2 * singular_ >= inside_) {
    return because(
        "the fixed points are not isolated: the Jacobian of the residual is singular at " +
        std::to_string(singular_) + " of " + std::to_string(inside_));
  }
  if (quiet_failed_ >= stop.patience * needed) {
    return because(std::to_string(result_.failed()) + " of " + std::to_string(result_.starts) +
                   " starts failed");
  }
  if (result_.starts >= stop.max_starts) {
    return because("max_starts = " + std::to_string(stop.max_starts) + " reached");
  }
  return false;
}

}  // namespace

std::int64_t SearchResult::failed() const {
  std::int64_t sum = 0;
  for (const std::int64_t count : failures) sum += count;
  return sum;
}

std::int64_t SearchResult::inside() const {
  return std::ranges::count_if(roots, [](const Root& root) { return root.inside; });
}

std::int64_t SearchResult::index_sum() const {
  std::int64_t sum = 0;
  for (const Root& root : roots) sum += root.inside ? root.sign : 0;
  return sum;
}

SearchResult find_roots(const SearchProblem& problem, const SearchOptions& options,
                        const dk_host& host, const dk_stream& stream) {
  return Search(problem, options, host, stream).run();
}

}  // namespace dynkit::fixed_points
