/* dynkit/abi.h - the rules of the boundary between a plugin and the host.
 *
 * Everything that crosses it is C11: fixed-width integers, doubles, pointers and function
 * pointers. Text is UTF-8 and ends with a NUL. Arrays are in C order (row-major). The caller owns
 * every buffer; no pointer is freed by the other side. Text that a descriptor points to lives as
 * long as the process, text that is passed to a call lives as long as the call.
 *
 * A struct that has shipped never changes. What is new gets a new interface id ("name/1") and is
 * found by asking for it, on both sides.
 *
 * One meaning for each letter, everywhere:
 *   S samples   T time steps   K directions   n state   m input   o observation   w noise
 *   p parameters   x state   u input   y observation   theta parameters   t time   h step
 *   v_dot tangent of v   v_bar cotangent of v   q(x) = 1/2 |F(x) - x|^2 speed */
#ifndef DYNKIT_ABI_H
#define DYNKIT_ABI_H

#include <stddef.h>
#include <stdint.h>

#define DK_ABI_MAJOR 1
#define DK_ABI_MINOR 0
#define DK_VERSION "0.1.0"

#if defined(_WIN32)
#define DK_EXPORT __declspec(dllexport)
#else
#define DK_EXPORT __attribute__((visibility("default")))
#endif

/* Status of a call: 0 done, > 0 may be retried elsewhere (a solver tries a smaller step),
 * < 0 an error. A value that a side does not know counts as DK_INTERNAL. */
typedef int32_t dk_status;

#define DK_STATUS_LIST(X)                                       \
  X(DK_OK, 0, "done")                                           \
  X(DK_RETRY, 1, "failed here, may succeed at another point")   \
  X(DK_INVALID_ARGUMENT, -1, "an argument breaks its contract") \
  X(DK_SHAPE_MISMATCH, -2, "array shapes do not fit")           \
  X(DK_UNSUPPORTED, -3, "not offered")                          \
  X(DK_SETTINGS, -4, "a setting is not usable")                 \
  X(DK_TOO_LARGE, -5, "larger than the stated limit")           \
  X(DK_MEMORY, -6, "out of memory")                             \
  X(DK_IO, -7, "input or output failed")                        \
  X(DK_NUMERIC, -8, "the computation broke down")               \
  X(DK_CANCELLED, -9, "cancelled")                              \
  X(DK_INTERNAL, -10, "internal error")

#define DK_STATUS_CONSTANT(name, value, text) name = (value),
enum { DK_STATUS_LIST(DK_STATUS_CONSTANT) DK_STATUS_END = -11 };
#undef DK_STATUS_CONSTANT

/* Why a call failed: 256 bytes, owned by the caller. The message is one sentence that names the
 * thing, the value and the rule. A plugin writes it only where it returns a status other than 0;
 * the pointer may be NULL, then no message is wanted. */
typedef struct dk_error {
  dk_status status;
  char message[252];
} dk_error;

/* Element types of arrays. DK_C128: pairs (real, imaginary) of doubles. DK_TEXT_ELEMENT: the data
 * are `const char*`, one for each element. */
enum { DK_F64 = 1, DK_C128 = 2, DK_I64 = 3, DK_U8 = 4, DK_TEXT_ELEMENT = 5 };

enum { DK_MAX_RANK = 6 };

/* A dense array in C order. Rank 0 is a scalar (one element). */
typedef struct dk_array {
  int32_t type;
  int32_t rank;
  int64_t shape[DK_MAX_RANK];
  const void* data;
  const char* const* dimensions; /* [rank] names such as "trial", "time"; NULL: unnamed */
  const char* unit;              /* NULL: none */
  const char* help;              /* one line; NULL: none */
} dk_array;

#endif
