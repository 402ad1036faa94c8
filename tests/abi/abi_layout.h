/* Sizes and offsets of every struct that crosses the boundary, as shipped. A change here breaks
 * plugins that exist. Compiled as C11 and as C++20 by both compilers. */
#ifndef DYNKIT_TESTS_ABI_LAYOUT_H
#define DYNKIT_TESTS_ABI_LAYOUT_H

#include <stddef.h>

#include "dynkit/analysis.h"
#include "dynkit/balance.h"
#include "dynkit/dataset.h"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "dynkit/noise.h"
#include "dynkit/plugin.h"
#include "dynkit/readout.h"
#include "dynkit/second_order.h"
#include "dynkit/with_parameters.h"

#ifdef __cplusplus
#define DK_HOLD(condition) static_assert(condition, #condition)
#else
#define DK_HOLD(condition) _Static_assert(condition, #condition)
#endif
#define DK_SIZE(type, bytes) DK_HOLD(sizeof(type) == (bytes))
#define DK_AT(type, member, bytes) DK_HOLD(offsetof(type, member) == (bytes))

DK_HOLD(sizeof(void*) == 8);

DK_SIZE(dk_error, 256);
DK_AT(dk_error, message, 4);

DK_SIZE(dk_array, 88);
DK_AT(dk_array, shape, 8);
DK_AT(dk_array, data, 56);
DK_AT(dk_array, dimensions, 64);
DK_AT(dk_array, unit, 72);
DK_AT(dk_array, help, 80);

DK_SIZE(dk_setting, 72);
DK_AT(dk_setting, type, 8);
DK_AT(dk_setting, flags, 12);
DK_AT(dk_setting, initial, 16);
DK_AT(dk_setting, lower, 24);
DK_AT(dk_setting, upper, 32);
DK_AT(dk_setting, choices, 40);
DK_AT(dk_setting, unit, 48);
DK_AT(dk_setting, help, 56);
DK_AT(dk_setting, size_from, 64);

DK_SIZE(dk_value, 136);
DK_AT(dk_value, number, 8);
DK_AT(dk_value, integer, 16);
DK_AT(dk_value, text, 24);
DK_AT(dk_value, array, 32);
DK_AT(dk_value, system, 120);
DK_AT(dk_value, dataset, 128);
DK_SIZE(dk_values, 16);

DK_SIZE(dk_component, 80);
DK_AT(dk_component, id, 8);
DK_AT(dk_component, version, 16);
DK_AT(dk_component, summary, 24);
DK_AT(dk_component, citation, 32);
DK_AT(dk_component, license, 40);
DK_AT(dk_component, settings, 48);
DK_AT(dk_component, setting_count, 56);
DK_AT(dk_component, required_extensions, 64);
DK_AT(dk_component, interface_table, 72);

DK_SIZE(dk_library, 40);
DK_AT(dk_library, name, 8);
DK_AT(dk_library, version, 16);
DK_AT(dk_library, component_count, 24);
DK_AT(dk_library, components, 32);

DK_SIZE(dk_stream, 24);
DK_AT(dk_stream, path, 8);
DK_AT(dk_stream, position, 16);

DK_SIZE(dk_host, 112);
DK_AT(dk_host, log, 8);
DK_AT(dk_host, progress, 16);
DK_AT(dk_host, cancelled, 24);
DK_AT(dk_host, parallel_for, 32);
DK_AT(dk_host, worker_count, 40);
DK_AT(dk_host, uniform, 48);
DK_AT(dk_host, normal, 56);
DK_AT(dk_host, integer, 64);
DK_AT(dk_host, split, 72);
DK_AT(dk_host, allocate, 80);
DK_AT(dk_host, free, 88);
DK_AT(dk_host, resource_directory, 96);
DK_AT(dk_host, extension, 104);

DK_SIZE(dk_block, 88);
DK_AT(dk_block, aliases, 8);
DK_AT(dk_block, offset, 16);
DK_AT(dk_block, rank, 24);
DK_AT(dk_block, trainable, 28);
DK_AT(dk_block, shape, 32);
DK_AT(dk_block, lower, 64);
DK_AT(dk_block, upper, 72);
DK_AT(dk_block, help, 80);

DK_SIZE(dk_model_info, 88);
DK_AT(dk_model_info, threading, 4);
DK_AT(dk_model_info, flags, 8);
DK_AT(dk_model_info, n, 16);
DK_AT(dk_model_info, m, 24);
DK_AT(dk_model_info, p, 32);
DK_AT(dk_model_info, step, 40);
DK_AT(dk_model_info, block_count, 48);
DK_AT(dk_model_info, blocks, 56);
DK_AT(dk_model_info, state_names, 64);
DK_AT(dk_model_info, input_names, 72);
DK_AT(dk_model_info, state_scale, 80);

DK_SIZE(dk_input, 16);
DK_SIZE(dk_output, 16);
DK_SIZE(dk_points, 120);
DK_AT(dk_points, layout, 8);
DK_AT(dk_points, t, 16);
DK_AT(dk_points, h, 32);
DK_AT(dk_points, x, 48);
DK_AT(dk_points, u, 64);
DK_AT(dk_points, theta, 80);
DK_AT(dk_points, scratch, 96);
DK_AT(dk_points, prepared, 104);
DK_AT(dk_points, tape, 112);
DK_SIZE(dk_matrices, 24);
DK_SIZE(dk_tangents, 56);
DK_AT(dk_tangents, x, 8);
DK_AT(dk_tangents, u, 24);
DK_AT(dk_tangents, theta, 40);
DK_SIZE(dk_cotangents, 72);
DK_AT(dk_cotangents, out, 8);
DK_AT(dk_cotangents, x, 24);
DK_AT(dk_cotangents, u, 40);
DK_AT(dk_cotangents, theta, 56);

DK_SIZE(dk_model_v1, 96);
DK_AT(dk_model_v1, destroy, 8);
DK_AT(dk_model_v1, info, 16);
DK_AT(dk_model_v1, scratch_size, 24);
DK_AT(dk_model_v1, prepared_size, 32);
DK_AT(dk_model_v1, tape_size, 40);
DK_AT(dk_model_v1, prepare, 48);
DK_AT(dk_model_v1, eval, 56);
DK_AT(dk_model_v1, jacobian, 64);
DK_AT(dk_model_v1, jvp, 72);
DK_AT(dk_model_v1, vjp, 80);
DK_AT(dk_model_v1, extension, 88);

DK_SIZE(dk_initial_v1, 16);
DK_SIZE(dk_noise_info, 16);
DK_SIZE(dk_noise_v1, 16);
DK_SIZE(dk_domain_v1, 8);
DK_SIZE(dk_with_parameters_v1, 8);
DK_SIZE(dk_readout_initial_v1, 8);
DK_SIZE(dk_balance_v1, 16);
DK_SIZE(dk_second_order_info, 24);
DK_AT(dk_second_order_info, positions, 8);
DK_AT(dk_second_order_info, velocities, 16);
DK_SIZE(dk_second_order_v1, 24);
DK_AT(dk_second_order_v1, force, 8);
DK_AT(dk_second_order_v1, bath, 16);
DK_SIZE(dk_readout_info, 64);
DK_SIZE(dk_readout_v1, 96);

DK_SIZE(dk_simulation, 128);
DK_AT(dk_simulation, times, 16);
DK_AT(dk_simulation, x0, 24);
DK_AT(dk_simulation, u, 40);
DK_AT(dk_simulation, u_constant, 56);
DK_AT(dk_simulation, noise, 60);
DK_AT(dk_simulation, method, 64);
DK_AT(dk_simulation, rtol, 72);
DK_AT(dk_simulation, atol, 80);
DK_AT(dk_simulation, step, 88);
DK_AT(dk_simulation, stream, 96);
DK_AT(dk_simulation, states, 104);
DK_AT(dk_simulation, outcomes, 112);
DK_AT(dk_simulation, last_times, 120);

DK_SIZE(dk_system, 144);
DK_AT(dk_system, component, 8);
DK_AT(dk_system, version, 16);
DK_AT(dk_system, info, 24);
DK_AT(dk_system, theta, 32);
DK_AT(dk_system, jacobian_kind, 40);
DK_AT(dk_system, residual_balanced, 44);
DK_AT(dk_system, noise, 48);
DK_AT(dk_system, eval, 56);
DK_AT(dk_system, jacobian, 64);
DK_AT(dk_system, jvp, 72);
DK_AT(dk_system, vjp, 80);
DK_AT(dk_system, residual, 88);
DK_AT(dk_system, linearized, 96);
DK_AT(dk_system, domain, 104);
DK_AT(dk_system, typical_state, 112);
DK_AT(dk_system, simulate, 120);
DK_AT(dk_system, propagate_tangent, 128);
DK_AT(dk_system, extension, 136);

DK_SIZE(dk_data, 16);
DK_SIZE(dk_column, 96);
DK_SIZE(dk_series, 56);
DK_SIZE(dk_figure, 64);
DK_SIZE(dk_sink, 48);
DK_SIZE(dk_job, 48);
DK_SIZE(dk_analysis_v1, 32);
DK_SIZE(dk_dataset_v1, 24);

#endif
