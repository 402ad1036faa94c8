// Every operation that a subject offers, at the same points in the same form.
#pragma once

#include "compare.hpp"
#include "points.hpp"

namespace dynkit::conformance {

/// What the operations are applied to: points, K directions and cotangents.
struct Task {
  Batch batch;
  Directions directions;  // [S,K,*]
  Numbers out_bar;        // [S,K,q]
  Wanted wanted;

  std::int64_t K() const { return directions.K; }
  /// The samples [begin, end) of all of it.
  Task part(const Facts& facts, std::int64_t begin, std::int64_t end) const;
};

/// K > 1 becomes the next count that is no size of the subject.
Task make_task(const Subject& subject, std::int64_t S, std::int64_t K, std::string_view name,
               bool one_theta);

/// eval, the Jacobians, jvp and vjp, as far as they are there.
AllResults run_all(const Subject& subject, const Task& task, const Form& form = {});

/// The same with the results of consecutive parts of at most `size` samples put together.
AllResults run_in_parts(const Subject& subject, const Task& task, std::int64_t size);

}  // namespace dynkit::conformance
