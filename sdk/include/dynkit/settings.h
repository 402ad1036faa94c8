/* dynkit/settings.h - what a component can be told, as data.
 *
 * A component declares its settings; the host reads them from an experiment file, checks type,
 * bounds and choices, opens the files, resolves the arrays and the models that they name, writes
 * help from the declarations, and stores the values with every result. `create` receives one
 * value per declared setting, in declared order: a plugin never parses, opens or searches. */
#ifndef DYNKIT_SETTINGS_H
#define DYNKIT_SETTINGS_H

#include "dynkit/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* DK_NUMBERS: a list of numbers. DK_FILE: a file, read by the host. DK_ARRAY: numbers written in
 * place, a file (.npy, .npz, .csv, .h5), or `stage/array` of the same run. DK_MODEL, DK_DATASET: a
 * component with settings of its own. */
enum {
  DK_NUMBER = 1,
  DK_INTEGER = 2,
  DK_BOOLEAN = 3,
  DK_TEXT = 4,
  DK_NUMBERS = 5,
  DK_FILE = 6,
  DK_ARRAY = 7,
  DK_MODEL = 8,
  DK_DATASET = 9
};

enum {
  DK_CHANGES_SIZES = 1, /* flag: the value changes n, m, p or another size */
  DK_OPTIONAL = 2       /* flag: has no default and may be left out; `given` tells */
};

typedef struct dk_setting {
  const char* name; /* lower_snake_case */
  int32_t type;
  uint32_t flags;
  const char* initial; /* the default, as it would stand in an experiment file (text without its
                          quotes); NULL: none, so it is required unless DK_OPTIONAL */
  double lower, upper; /* inclusive bounds of numbers, integers and list elements;
                          -INFINITY, INFINITY: none, but what is given is always finite */
  const char* const* choices; /* of a text, ends with NULL; NULL: any */
  const char* unit;           /* NULL: none */
  const char* help;           /* one line */
  const char* size_from;      /* "block[axis]": an integer that weights from a file determine, if
                                 the user leaves it out; several forms, separated by spaces, are
                                 tried in turn ("weight_hh_l0[1] weight_hh[1]"); NULL: none */
} dk_setting;

struct dk_system; /* dynkit/system.h */
struct dk_data;   /* dynkit/job.h */

/* The value of one setting. Only the members of its type are meaningful. */
typedef struct dk_value {
  int32_t type;
  int32_t given;                  /* 0: optional and left out */
  double number;                  /* DK_NUMBER */
  int64_t integer;                /* DK_INTEGER, DK_BOOLEAN (0 or 1) */
  const char* text;               /* DK_TEXT; DK_FILE: the path, for messages */
  dk_array array;                 /* DK_NUMBERS, DK_ARRAY: DK_F64; DK_FILE: DK_U8, the bytes */
  const struct dk_system* system; /* DK_MODEL */
  const struct dk_data* dataset;  /* DK_DATASET */
} dk_value;

typedef struct dk_values {
  int64_t count;
  const dk_value* values; /* [count], valid during `create` */
} dk_values;

#ifdef __cplusplus
}
#endif
#endif
