/* dynkit/plugin.h - how a library describes itself.
 *
 * A plugin exports one symbol, `dynkit_plugin_v1`, which returns a constant table. It does no work
 * and may be called at any time from any thread. There is no other start, no shutdown, nothing
 * registers itself, and the host never unloads a library. */
#ifndef DYNKIT_PLUGIN_H
#define DYNKIT_PLUGIN_H

#include "dynkit/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dk_component {
  const char* interface_id; /* "dynkit.model/1", "dynkit.readout/1", "dynkit.dataset/1",
                               "dynkit.analysis/1" */
  const char* id;           /* reverse-DNS, "org.example.lorenz"; never reused for something else */
  const char* version;      /* semantic version. A new major where the equation, the parameter
                               blocks, or the meaning or default of a setting changes */
  const char* summary;      /* one line, with the equation */
  const char* citation;     /* where it comes from; NULL: nothing to cite */
  const char* license;      /* SPDX identifier */
  const dk_setting* settings; /* [setting_count] */
  int64_t setting_count;
  const char* const* required_extensions; /* ids without which it must not be run, ends with NULL;
                                             a host that lacks one refuses the component. NULL:
                                             none */
  const void* interface_table;            /* the table that interface_id names */
} dk_component;

typedef struct dk_library {
  int32_t abi_major; /* DK_ABI_MAJOR, DK_ABI_MINOR of the headers it was built with */
  int32_t abi_minor;
  const char* name;    /* of the SDK it was built with, "dynkit-sdk" */
  const char* version; /* and its version, DK_VERSION */
  int64_t component_count;
  const dk_component* components; /* [component_count] */
} dk_library;

/* The entry point of every plugin, and its only exported symbol. */
DK_EXPORT const dk_library* dynkit_plugin_v1(void);

#define DK_ENTRY_POINT "dynkit_plugin_v1"

#ifdef __cplusplus
}
#endif
#endif
