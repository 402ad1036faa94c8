// Instances: created with what the settings allow, refused with a reason, destroyed without a
// trace.
#include <malloc.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "all_operations.hpp"
#include "checks.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"
#include "dynkit/readout.h"
#include "instance.hpp"

namespace dynkit::conformance {
namespace {

constexpr int kRepeats = 1000;
constexpr std::size_t kAllowedGrowth = 64 * 1024;  // bytes over all repeats

bool is_numeric(const CheckContext& context) {
  const std::string_view id = context.component->interface_id;
  return id == DK_MODEL_V1 || id == DK_READOUT_V1;
}

void check_defaults(const CheckContext& context) {
  const LivingInstance instance(context, accepted_settings(context));
}

// The values at which a setting is tried: bounds, choices, both booleans; sizes at their minimum, 3
// and 17.
std::vector<Config> edge_values(const dk_setting& setting) {
  std::vector<Config> values;
  const bool changes_sizes = (setting.flags & DK_CHANGES_SIZES) != 0;
  const auto add_integer = [&](double value) {
    if (value < setting.lower || value > setting.upper || std::abs(value) > 9e15) return;
    values.push_back({static_cast<std::int64_t>(value), 0});
  };
  switch (setting.type) {
    case DK_NUMBER:
      if (std::isfinite(setting.lower)) values.push_back({setting.lower, 0});
      if (std::isfinite(setting.upper)) values.push_back({setting.upper, 0});
      break;
    case DK_INTEGER:
      add_integer(setting.lower);
      if (changes_sizes) {
        add_integer(3.0);
        add_integer(17.0);
      } else {
        add_integer(setting.upper);
      }
      break;
    case DK_BOOLEAN:
      values = {{false, 0}, {true, 0}};
      break;
    case DK_TEXT:
      for (const char* const* choice = setting.choices; choice != nullptr && *choice != nullptr;
           ++choice) {
        values.push_back({std::string(*choice), 0});
      }
      break;
    default:
      break;
  }
  return values;
}

// Values that a setting's declaration allows and that make little sense: `create` may take them, or
// refuse them by name.
std::vector<Config> odd_values(const dk_setting& setting) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<Config> values;
  const auto number = [](double value) { return Config{value, 0}; };
  const auto inside = [&](double value) {
    return value >= setting.lower && value <= setting.upper;
  };
  const bool changes_sizes = (setting.flags & DK_CHANGES_SIZES) != 0;
  switch (setting.type) {
    case DK_NUMBER:
      for (const double value : {0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, -1e300, kInfinity}) {
        if (inside(value)) values.push_back(number(value));
      }
      break;
    case DK_INTEGER:
      for (const std::int64_t value : {0, 1, 2, -1, 7}) {
        if (inside(static_cast<double>(value))) values.push_back({value, 0});
      }
      if (!changes_sizes && inside(1e15))
        values.push_back({std::int64_t{1'000'000'000'000'000}, 0});
      break;
    case DK_TEXT:
      if (setting.choices != nullptr) break;
      for (const char* text : {"", "?", "no such thing", "0"}) {
        values.push_back({std::string(text), 0});
      }
      break;
    case DK_NUMBERS:
      values.push_back({Config::List{}, 0});
      for (const double value : {0.0, 1.0, 1e300}) {
        if (inside(value)) values.push_back({Config::List(3, number(value)), 0});
      }
      break;
    case DK_ARRAY:
      values = {number(1.0),         {Config::List{}, 0},
                builtin_array(1, 1), builtin_array(7, 2),
                builtin_array(3, 3), {Config::List(4, {Config::List(3, number(kInfinity)), 0}), 0}};
      break;
    default:
      break;
  }
  return values;
}

// A refusal is an answer if it names the setting.
void try_value(const CheckContext& context, const Config::Table& base, const dk_setting& setting,
               const Config& value, bool evaluates) {
  try {
    const Config::Table settings = with(base, setting.name, value);
    const LivingInstance instance(context, settings);
    if (!evaluates) return;
    const Subject subject(context, settings);
    if (subject.facts().n < 1) {
      fail("setting '{}' = {}: the state has {} elements", setting.name, to_text(value),
           subject.facts().n);
    }
    Caller(subject, draw_points(subject, 2, setting.name, true)).eval();
  } catch (const Error& e) {
    if (std::string_view(e.what()).find(setting.name) != std::string_view::npos) return;
    fail("setting '{}' = {} is refused with a message that does not name it: {}", setting.name,
         to_text(value), e.what());
  } catch (const CheckFailure& e) {
    fail("setting '{}' = {}: {}", setting.name, to_text(value), e.what());
  }
}

void check_setting_edges(const CheckContext& context) {
  const dk_component& component = *context.component;
  if (component.setting_count == 0) skip("it has no settings");
  const Config::Table base = accepted_settings(context);
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    const bool evaluates = is_numeric(context) && (setting.flags & DK_CHANGES_SIZES) != 0;
    for (const Config& value : edge_values(setting)) {
      try_value(context, base, setting, value, evaluates);
    }
  }
}

void check_odd_settings(const CheckContext& context) {
  const dk_component& component = *context.component;
  if (component.setting_count == 0) skip("it has no settings");
  const Config::Table base = accepted_settings(context);
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    for (const Config& value : odd_values(component.settings[i])) {
      try_value(context, base, component.settings[i], value, false);
    }
  }
}

// Values that the declaration itself forbids.
std::vector<Config> forbidden_values(const dk_setting& setting) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const bool is_number = setting.type == DK_NUMBER || setting.type == DK_INTEGER;
  std::vector<Config> values;
  if (is_number || setting.type == DK_BOOLEAN) values.push_back({std::string("three"), 0});
  if (setting.type == DK_NUMBER) values.push_back({nan, 0});
  if (setting.type == DK_INTEGER) values.push_back({2.5, 0});
  if (setting.type == DK_TEXT) values.push_back({std::int64_t{3}, 0});
  if (setting.choices != nullptr) values.push_back({std::string("no such choice"), 0});
  const auto beyond = [&](double bound, double step) {
    if (!is_number || !std::isfinite(bound) || std::abs(bound) > 1e15) return;
    const double value = bound + step;
    values.push_back(setting.type == DK_INTEGER ? Config{static_cast<std::int64_t>(value), 0}
                                                : Config{value, 0});
  };
  beyond(setting.lower, -1.0);
  beyond(setting.upper, 1.0);
  return values;
}

void check_bad_settings(const CheckContext& context) {
  const dk_component& component = *context.component;
  const Config::Table base = accepted_settings(context);
  const auto expect_refused = [&](const std::string& name, const Config& value) {
    try {
      const LivingInstance instance(context, with(base, name, value));
    } catch (const Error& e) {
      if (std::string_view(e.what()).find(name) != std::string_view::npos) return;
      fail("setting '{}' = {} is refused with a message that does not name it: {}", name,
           to_text(value), e.what());
    }
    fail("setting '{}' = {} is taken, against its declaration", name, to_text(value));
  };
  expect_refused("no_such_setting", {1.0, 0});
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    for (const Config& value : forbidden_values(component.settings[i])) {
      expect_refused(component.settings[i].name, value);
    }
  }
}

std::size_t memory_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void check_create_destroy(const CheckContext& context) {
  const Config::Table settings = small_settings(context);
  const CheckHost host(context);
  BuiltinSource source(host.table());
  const ResolvedSettings resolved = resolve_settings(*context.component, settings, source);
  const auto repeat = [&](int times) {
    for (int i = 0; i < times; ++i) {
      const Instance instance(*context.component, resolved.values(), host.table());
    }
  };
  repeat(10);  // what is made once and kept is no leak
  const std::size_t before = memory_in_use();
  repeat(kRepeats);
  const std::size_t after = memory_in_use();
  if (after > before + kAllowedGrowth) {
    fail("{} times create and destroy leave {} bytes behind, {} an instance", kRepeats,
         after - before, (after - before) / kRepeats);
  }
}

// Settings live as long as `create`: what an instance keeps it has copied.
void check_settings_copied(const CheckContext& context) {
  if (!is_numeric(context)) skip("it is neither a model nor a readout");
  const Config::Table settings = small_settings(context);
  const Subject reference(context, settings);
  const Batch batch = draw_points(reference, 3, "copied settings", true);
  const Numbers expected = Caller(reference, batch).eval();
  // A second subject, after others have used the memory that was free.
  { const LivingInstance other(context, accepted_settings(context)); }
  const Subject second(context, settings);
  expect_same_bits("the result of eval of a second instance", Caller(second, batch).eval(),
                   expected, reference.facts().q);
}

void check_unknown_extensions(const CheckContext& context) {
  const Subject subject(context);
  const auto& extension = subject.operations().extension;
  for (const char* id : {"org.example.no_such_thing/1", "", "dynkit.noise/2", "dynkit.noise",
                         "dynkit.noise/1x", "DYNKIT.NOISE/1", "dynkit.initial/11"}) {
    if (extension(id) != nullptr) {
      fail("offers the extension '{}', which does not exist: compare whole ids", id);
    }
  }
  for (const char* id : {"dynkit.initial/1", "dynkit.noise/1", "dynkit.domain/1",
                         "dynkit.balance/1", "dynkit.second_order/1", "dynkit.f32/1"}) {
    if (extension(id) != extension(id)) fail("gives two tables for '{}' in two calls", id);
  }
}

constexpr std::array kChecks = {
    Check{
        "defaults", Scope::component, true,
        "An instance can be created with every setting at its default; settings without a default "
        "get something small and plausible.",
        check_defaults},
    Check{
        "setting_edges", Scope::component, false,
        "Numbers at their bounds, texts at each choice, both booleans, and sizes at their minimum, "
        "3 and 17 give an instance, or a refusal that names the setting. Models are evaluated "
        "at each size.",
        check_setting_edges},
    Check{
        "odd_settings", Scope::component, false,
        "Values that the declaration allows and that may make no sense (0, 1e300, infinity, empty "
        "lists, arrays of unexpected shape) give an instance, or a refusal that names the setting; "
        "never a crash.",
        check_odd_settings},
    Check{"bad_settings", Scope::component, false,
          "Values outside the declared bounds, of another type, or not among the choices, and "
          "settings that do not exist, are refused with a message that names them.",
          check_bad_settings},
    Check{"create_destroy", Scope::component, false,
          "A thousand instances are created and destroyed one after the other; the memory in use "
          "does not grow.",
          check_create_destroy},
    Check{"second_instance", Scope::component, false,
          "A second instance with the same settings gives the same bits as the first, also when "
          "others have lived in between: an instance keeps nothing of the arguments of create "
          "except copies, and nothing outside itself.",
          check_settings_copied},
    Check{
        "unknown_extensions", Scope::numeric, false,
        "Ids of extensions that do not exist, or that only begin like one, give NULL; the same id "
        "gives the same table every time.",
        check_unknown_extensions},
};

}  // namespace

std::span<const Check> lifecycle_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
