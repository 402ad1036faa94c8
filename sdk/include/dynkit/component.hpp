// Components from C++ classes: one constant table each, every entry behind `guard`.
//
// A model class offers
//   static constexpr dk_setting kSettings[] = {...};   (or none: kNoSettings)
//   Model(const dk_host& host, const Settings& settings);
//   const dk_model_info& info() const;
//   void eval(const dk_points&, const dk_output& out) const;
// and, where it has them, members of the same names and meanings as in dynkit/model.h:
// scratch_size, prepared_size, tape_size, prepare, jacobian, jvp, vjp, extension. What is missing
// is NULL in the table. A readout class is the same with dk_readout_info. Members throw Error;
// nothing else needs to know the ABI.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "dynkit/analysis.h"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/plugin.h"
#include "dynkit/readout.h"
#include "dynkit/settings.hpp"

namespace dynkit {

/// What a component says of itself besides its table.
struct Identity {
  const char* id;
  const char* version;
  const char* summary;
  const char* citation = nullptr;
  const char* license = "MIT";
};

inline constexpr std::span<const dk_setting> kNoSettings{};

namespace detail {

template <class T, class Opaque>
const T& from(const Opaque* opaque) {
  return *reinterpret_cast<const T*>(opaque);
}

// `create` and `destroy` are the same for every kind of component.
template <class T, class Opaque>
dk_status create(const dk_host* host, const dk_values* values, Opaque** instance,
                 dk_error* error) noexcept {
  return guard(error, [&] {
    *instance = reinterpret_cast<Opaque*>(new T(*host, Settings(T::kSettings, *values)));
  });
}

template <class T, class Opaque>
void destroy(Opaque* instance) noexcept {
  delete reinterpret_cast<T*>(instance);
}

// The operations of a model and of a readout are the same; Opaque is dk_model or dk_readout.
template <class M, class Opaque, class Table>
constexpr void add_derivatives(Table& table) {
  if constexpr (requires(const M& m, const dk_points& points, const dk_matrices& J) {
                  m.jacobian(points, DK_WRT_STATE, J);
                }) {
    table.jacobian = [](const Opaque* self, const dk_points* points, std::int32_t wrt,
                        const dk_matrices* J, dk_error* error) {
      return guard(error, [&] { from<M>(self).jacobian(*points, wrt, *J); });
    };
  }
  if constexpr (requires(const M& m, const dk_points& points, const dk_tangents& tangents,
                         const dk_output& out) { m.jvp(points, tangents, out); }) {
    table.jvp = [](const Opaque* self, const dk_points* points, const dk_tangents* tangents,
                   const dk_output* out, dk_error* error) {
      return guard(error, [&] { from<M>(self).jvp(*points, *tangents, *out); });
    };
  }
  if constexpr (requires(const M& m, const dk_points& points, const dk_cotangents& cotangents) {
                  m.vjp(points, cotangents);
                }) {
    table.vjp = [](const Opaque* self, const dk_points* points, const dk_cotangents* cotangents,
                   dk_error* error) {
      return guard(error, [&] { from<M>(self).vjp(*points, *cotangents); });
    };
  }
}

template <class M, class Opaque, class Table>
constexpr Table make_function_table() {
  Table table{};
  table.create = create<M, Opaque>;
  table.destroy = destroy<M, Opaque>;
  table.info = [](const Opaque* self) { return &from<M>(self).info(); };
  table.eval = [](const Opaque* self, const dk_points* points, const dk_output* out,
                  dk_error* error) {
    return guard(error, [&] { from<M>(self).eval(*points, *out); });
  };
  if constexpr (requires(const M& m) { m.scratch_size(DK_EVAL, 1, 1); }) {
    table.scratch_size = [](const Opaque* self, std::int32_t operation, std::int64_t S,
                            std::int64_t K) -> std::int64_t {
      return from<M>(self).scratch_size(operation, S, K);
    };
  }
  if constexpr (requires(const M& m) { m.prepared_size(); }) {
    table.prepared_size = [](const Opaque* self) -> std::int64_t {
      return from<M>(self).prepared_size();
    };
    table.prepare = [](const Opaque* self, const double* theta, void* prepared, dk_error* error) {
      return guard(error, [&] { from<M>(self).prepare(theta, prepared); });
    };
  }
  if constexpr (requires(const M& m) { m.tape_size(1); }) {
    table.tape_size = [](const Opaque* self, std::int64_t S) -> std::int64_t {
      return from<M>(self).tape_size(S);
    };
  }
  add_derivatives<M, Opaque>(table);
  table.extension = [](const Opaque* self, const char* id) -> const void* {
    if constexpr (requires(const M& m) { m.extension(std::string_view()); }) {
      return from<M>(self).extension(id);
    } else {
      (void)self, (void)id;
      return nullptr;
    }
  };
  return table;
}

template <class A>
constexpr dk_analysis_v1 make_analysis_table() {
  dk_analysis_v1 table{};
  table.create = create<A, dk_analysis>;
  table.destroy = destroy<A, dk_analysis>;
  table.accepts = [](const dk_analysis* analysis, const dk_job* job, dk_error* error) {
    return guard(error, [&] { from<A>(analysis).accepts(*job); });
  };
  table.run = [](const dk_analysis* analysis, const dk_job* job, dk_error* error) {
    return guard(error, [&] { from<A>(analysis).run(*job); });
  };
  return table;
}

template <class D>
constexpr dk_dataset_v1 make_dataset_table() {
  dk_dataset_v1 table{};
  table.create = create<D, dk_dataset>;
  table.destroy = destroy<D, dk_dataset>;
  table.generate = [](const dk_dataset* dataset, const dk_job* job, dk_error* error) {
    return guard(error, [&] { from<D>(dataset).generate(*job); });
  };
  return table;
}

template <class T>
inline constexpr dk_model_v1 model_table = make_function_table<T, dk_model, dk_model_v1>();
template <class T>
inline constexpr dk_readout_v1 readout_table = make_function_table<T, dk_readout, dk_readout_v1>();
template <class T>
inline constexpr dk_analysis_v1 analysis_table = make_analysis_table<T>();
template <class T>
inline constexpr dk_dataset_v1 dataset_table = make_dataset_table<T>();

constexpr dk_component make_component(const char* interface_id, const Identity& identity,
                                      std::span<const dk_setting> settings, const void* table) {
  return {interface_id,      identity.id,
          identity.version,  identity.summary,
          identity.citation, identity.license,
          settings.data(),   static_cast<std::int64_t>(settings.size()),
          nullptr,           table};
}

}  // namespace detail

/// The component of a class, for DYNKIT_PLUGIN.
template <class Model>
constexpr dk_component model_component(const Identity& identity) {
  return detail::make_component(DK_MODEL_V1, identity, Model::kSettings,
                                &detail::model_table<Model>);
}

template <class Readout>
constexpr dk_component readout_component(const Identity& identity) {
  return detail::make_component(DK_READOUT_V1, identity, Readout::kSettings,
                                &detail::readout_table<Readout>);
}

template <class Analysis>
constexpr dk_component analysis_component(const Identity& identity) {
  return detail::make_component(DK_ANALYSIS_V1, identity, Analysis::kSettings,
                                &detail::analysis_table<Analysis>);
}

template <class Dataset>
constexpr dk_component dataset_component(const Identity& identity) {
  return detail::make_component(DK_DATASET_V1, identity, Dataset::kSettings,
                                &detail::dataset_table<Dataset>);
}

}  // namespace dynkit

/// Defines the entry point of a plugin with these components.
#define DYNKIT_PLUGIN(...)                                                     \
  extern "C" DK_EXPORT const dk_library* dynkit_plugin_v1(void) {              \
    static constexpr dk_component components[] = {__VA_ARGS__};                \
    static constexpr dk_library library = {                                    \
        DK_ABI_MAJOR,                                                          \
        DK_ABI_MINOR,                                                          \
        "dynkit-sdk",                                                          \
        DK_VERSION,                                                            \
        static_cast<std::int64_t>(sizeof(components) / sizeof(components[0])), \
        components};                                                           \
    return &library;                                                           \
  }
