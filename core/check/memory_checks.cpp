// Which memory the operations touch, in every layout that they may be given.
#include <array>

#include "all_operations.hpp"
#include "checks.hpp"

namespace dynkit::conformance {
namespace {

void check_blocks(const Facts& facts) {
  std::int64_t offset = 0;
  for (const dk_block& block : facts.blocks) {
    if (block.name == nullptr || *block.name == '\0') fail("a block of parameters has no name");
    if (block.rank < 0 || block.rank > DK_BLOCK_RANK) {
      fail("block '{}' has rank {}", block.name, block.rank);
    }
    if (block.offset != offset) {
      fail("block '{}' begins at {}, the one before ends at {}: blocks tile theta", block.name,
           block.offset, offset);
    }
    if (!(block.lower <= block.upper)) {
      fail("block '{}' has the bounds [{}, {}]", block.name, block.lower, block.upper);
    }
    if (block.help == nullptr || *block.help == '\0') fail("block '{}' has no help", block.name);
    std::int64_t size = 1;
    for (std::int32_t axis = 0; axis < block.rank; ++axis) size *= block.shape[axis];
    offset += size;
  }
  if (offset != facts.p) fail("its blocks hold {} parameters, it declares {}", offset, facts.p);
}

void check_info(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  if (facts.n < 1 || facts.q < 1 || facts.m < 0 || facts.p < 0) {
    fail("sizes n = {}, m = {}, p = {}, result {} are not usable", facts.n, facts.m, facts.p,
         facts.q);
  }
  const bool is_readout = facts.time_kind == 0;
  if (!is_readout && facts.time_kind != DK_MAP && facts.time_kind != DK_FLOW) {
    fail("time kind {} is neither map nor flow", facts.time_kind);
  }
  if (facts.threading != DK_REENTRANT && facts.threading != DK_ONE_AT_A_TIME) {
    fail("threading {} is not known", facts.threading);
  }
  constexpr std::uint64_t kKnown =
      DK_USES_TIME | DK_USES_STEP | DK_NOT_SMOOTH | DK_BATCH_EXACT | DK_HAS_COLUMNS;
  if ((facts.flags & ~kKnown) != 0) fail("flags {:#x} are not all known", facts.flags);
  if (facts.has(DK_USES_STEP) && facts.time_kind != DK_MAP) {
    fail("is a flow and declares DK_USES_STEP, which is for maps");
  }
  if (facts.time_kind == DK_MAP && facts.step <= 0.0) {
    fail("the step of the map is {}: it is > 0, or NaN where it is not known", facts.step);
  }
  for (std::int64_t i = 0; facts.state_scale != nullptr && i < facts.n; ++i) {
    if (facts.state_scale[i] > 0.0 && facts.state_scale[i] < 1e300) continue;
    fail("the typical magnitude of state {} is {}", i, facts.state_scale[i]);
  }
  check_blocks(facts);
}

void check_names(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  if (facts.time_kind == 0) skip("a readout has no states of its own");
  const dk_model_info& info =
      *static_cast<const dk_model_v1*>(context.component->interface_table)->info(subject.model());
  const auto check = [](const char* what, const char* const* names, std::int64_t count) {
    for (std::int64_t i = 0; names != nullptr && i < count; ++i) {
      if (names[i] == nullptr || *names[i] == '\0') fail("{} {} has no name", what, i);
    }
  };
  check("state", info.state_names, info.n);
  check("input", info.input_names, info.m);
}

void check_batches(const CheckContext& context) {
  const Subject subject(context);
  for (const std::int64_t S : {0, 1, 2, 7, 64, 1000}) {
    for (const bool one_theta : {true, false}) {
      if (!one_theta && S > 64) continue;
      const std::int64_t K = S > 64 ? 1 : 2;
      const Task task = make_task(subject, S, K, fmt::format("batch {}", S), one_theta);
      const std::string what = fmt::format("in a batch of {}", S);
      try {
        const AllResults whole = run_all(subject, task);
        if (S == 0 || S > 64) continue;
        expect_close(what + " against single samples", whole, run_in_parts(subject, task, 1),
                     1e-12);
      } catch (const CheckFailure& e) {
        fail("S = {}, {}: {}", S, one_theta ? "shared parameters" : "parameters for each sample",
             e.what());
      }
    }
  }
}

void check_stray_writes(const CheckContext& context) {
  const Subject subject(context);
  for (const std::int64_t K : {1, 2, 9}) {
    const Task task = make_task(subject, 7, K, "stray writes", K == 2);
    for (const std::int64_t gap : {0, 1, 13}) {
      Form form;
      form.gap = gap;
      run_all(subject, task, form);
    }
  }
}

void check_strides(const CheckContext& context) {
  const Subject subject(context);
  for (const std::int64_t K : {1, 2}) {
    for (const bool one_theta : {true, false}) {
      const Task task = make_task(subject, 7, K, "strides", one_theta);
      Form wide;
      wide.gap = 3;
      expect_close("with strides 3 wider than the rows", run_all(subject, task, wide),
                   run_all(subject, task), 1e-12);
    }
  }
}

// The first sample's row for all of them.
Numbers repeat_first(const Numbers& rows, std::int64_t S, std::int64_t width) {
  Numbers repeated;
  for (std::int64_t s = 0; s < S; ++s) {
    repeated.insert(repeated.end(), rows.begin(), rows.begin() + width);
  }
  return repeated;
}

void check_shared_arguments(const CheckContext& context) {
  const Subject subject(context);
  const Facts& facts = subject.facts();
  constexpr std::int64_t S = 7;
  const Task task = make_task(subject, S, 2, "shared arguments", true);
  for (const int which : {1, 2, 4, 7}) {
    Form shared;
    shared.share_x = (which & 1) != 0;
    shared.share_u = (which & 2) != 0;
    shared.share_t = (which & 4) != 0;
    Task repeated = task;
    if (shared.share_x) repeated.batch.x = repeat_first(task.batch.x, S, facts.n);
    if (shared.share_u) repeated.batch.u = repeat_first(task.batch.u, S, facts.m);
    if (shared.share_t) repeated.batch.t = repeat_first(task.batch.t, S, 1);
    if (shared.share_t && !task.batch.h.empty()) {
      repeated.batch.h = repeat_first(task.batch.h, S, 1);
    }
    expect_close(fmt::format("with stride 0 for{}{}{}", shared.share_x ? " x" : "",
                             shared.share_u ? " u" : "", shared.share_t ? " t" : ""),
                 run_all(subject, task, shared), run_all(subject, repeated), 1e-12);
  }
  Task each = task;
  each.batch.one_theta = false;
  each.batch.theta.clear();
  for (std::int64_t s = 0; s < S; ++s) {
    each.batch.theta.insert(each.batch.theta.end(), task.batch.theta.begin(),
                            task.batch.theta.end());
  }
  expect_close("with stride 0 for theta", run_all(subject, task), run_all(subject, each), 1e-12);
}

void check_columns(const CheckContext& context) {
  const Subject subject(context);
  if (!subject.facts().has(DK_HAS_COLUMNS)) skip("it does not declare DK_HAS_COLUMNS");
  for (const std::int64_t S : {1, 7, 64}) {
    for (const bool one_theta : {true, false}) {
      const Task task = make_task(subject, S, 2, "columns", one_theta);
      const AllResults rows = run_all(subject, task);
      for (const std::int64_t gap : {0, 5}) {
        Form form;
        form.layout = DK_COLUMNS;
        form.gap = gap;
        expect_close(fmt::format("in columns, S = {}, stride {}", S, S + gap),
                     run_all(subject, task, form), rows, 1e-12);
      }
    }
  }
}

constexpr std::array kChecks = {
    Check{
        "info", Scope::numeric, true,
        "Sizes, flags, step and typical magnitudes make sense, and the blocks tile the parameters "
        "without gap or overlap.",
        check_info},
    Check{"names", Scope::model, false, "States and inputs that have names all have one.",
          check_names},
    Check{"batches", Scope::numeric, false,
          "Every operation works for 0, 1, 2, 7, 64 and 1000 samples, with shared parameters and "
          "with parameters for each sample, writes every element of its result, and gives what "
          "single samples give to 1e-12.",
          check_batches},
    Check{"stray_writes", Scope::numeric, false,
          "Arguments are read-only memory between pages that cannot be touched; results, scratch, "
          "prepared and tape stand before such a page at exactly the size that was stated, with "
          "a pattern in the gaps between their rows. Nothing beside a result is read or written.",
          check_stray_writes},
    Check{"strides", Scope::numeric, false,
          "Strides that are wider than the rows, in every argument and result, change nothing.",
          check_strides},
    Check{"shared_arguments", Scope::numeric, false,
          "An argument with stride 0 gives what the same argument repeated for each sample gives.",
          check_shared_arguments},
    Check{"columns", Scope::numeric, false,
          "Where DK_HAS_COLUMNS is declared, the column layout gives what rows give, to 1e-12, in "
          "every operation and with every stride.",
          check_columns},
};

}  // namespace

std::span<const Check> memory_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
