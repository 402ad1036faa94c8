//! Three species that compete, in Rust without crates (1.63 and newer).
//!
//!     dx_i/dt = x_i (r_i - sum_j A_ij x_j)          i = 1..3
//!
//! May & Leonard, "Nonlinear aspects of competition between three species", SIAM J. Appl. Math. 29,
//! 243 (1975).
//!
//!   x [S,3] densities   theta = (r [3], A [3,3]) [12], row-major
//!
//! The structs repeat those of the SDK's C headers of the same name, member by member.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_void};
use std::ptr;

const N: usize = 3;
const P: usize = N + N * N;

const DK_OK: i32 = 0;
const DK_FLOW: i32 = 2;
const DK_REENTRANT: i32 = 1;
const DK_BATCH_EXACT: u64 = 8;

#[repr(C)]
pub struct dk_error {
    status: i32,
    message: [c_char; 252],
}

// Passed on and never looked into.
type dk_model = c_void;
type dk_host = c_void;
type dk_values = c_void;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dk_input {
    data: *const f64,
    stride: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dk_output {
    data: *mut f64,
    stride: i64,
}

#[repr(C)]
pub struct dk_points {
    count: i64,
    layout: i32,
    t: dk_input,
    h: dk_input,
    x: dk_input,
    u: dk_input,
    theta: dk_input,
    scratch: *mut c_void,
    prepared: *const c_void,
    tape: *mut c_void,
}

#[repr(C)]
pub struct dk_cotangents {
    count: i64,
    out: dk_input,
    x: dk_output,
    u: dk_output,
    theta: dk_output,
}

#[repr(C)]
pub struct dk_block {
    name: *const c_char,
    aliases: *const *const c_char,
    offset: i64,
    rank: i32,
    trainable: i32,
    shape: [i64; 4],
    lower: f64,
    upper: f64,
    help: *const c_char,
}

#[repr(C)]
pub struct dk_model_info {
    time_kind: i32,
    threading: i32,
    flags: u64,
    n: i64,
    m: i64,
    p: i64,
    step: f64,
    block_count: i64,
    blocks: *const dk_block,
    state_names: *const *const c_char,
    input_names: *const *const c_char,
    state_scale: *const f64,
}

// A member that this model lacks, whatever its type in C.
type Absent = *const c_void;

#[repr(C)]
pub struct dk_model_v1 {
    create:
        extern "C" fn(*const dk_host, *const dk_values, *mut *mut dk_model, *mut dk_error) -> i32,
    destroy: extern "C" fn(*mut dk_model),
    info: extern "C" fn(*const dk_model) -> *const dk_model_info,
    scratch_size: Absent,
    prepared_size: Absent,
    tape_size: Absent,
    prepare: Absent,
    eval: unsafe extern "C" fn(
        *const dk_model,
        *const dk_points,
        *const dk_output,
        *mut dk_error,
    ) -> i32,
    jacobian: Absent,
    jvp: Absent,
    // None is a null pointer.
    vjp: Option<
        unsafe extern "C" fn(
            *const dk_model,
            *const dk_points,
            *const dk_cotangents,
            *mut dk_error,
        ) -> i32,
    >,
    extension: extern "C" fn(*const dk_model, *const c_char) -> *const c_void,
}

#[repr(C)]
pub struct dk_component {
    interface_id: *const c_char,
    id: *const c_char,
    version: *const c_char,
    summary: *const c_char,
    citation: *const c_char,
    license: *const c_char,
    settings: *const c_void,
    setting_count: i64,
    required_extensions: *const *const c_char,
    interface_table: *const c_void,
}

#[repr(C)]
pub struct dk_library {
    abi_major: i32,
    abi_minor: i32,
    name: *const c_char,
    version: *const c_char,
    component_count: i64,
    components: *const dk_component,
}

/// Constant tables full of pointers, which nobody writes.
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

macro_rules! text {
    ($literal:expr) => {
        concat!($literal, "\0").as_ptr() as *const c_char
    };
}

static STATE_NAMES: Shared<[*const c_char; N]> = Shared([text!("x_1"), text!("x_2"), text!("x_3")]);

static BLOCKS: Shared<[dk_block; 2]> = Shared([
    dk_block {
        name: text!("r"),
        aliases: ptr::null(),
        offset: 0,
        rank: 1,
        trainable: 1,
        shape: [N as i64, 0, 0, 0],
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        help: text!("growth"),
    },
    dk_block {
        name: text!("A"),
        aliases: ptr::null(),
        offset: N as i64,
        rank: 2,
        trainable: 1,
        shape: [N as i64, N as i64, 0, 0],
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        help: text!("competition: what species j takes from species i"),
    },
]);

static INFO: Shared<dk_model_info> = Shared(dk_model_info {
    time_kind: DK_FLOW,
    threading: DK_REENTRANT,
    flags: DK_BATCH_EXACT,
    n: N as i64,
    m: 0,
    p: P as i64,
    step: f64::NAN,
    block_count: 2,
    blocks: &BLOCKS.0 as *const dk_block,
    state_names: &STATE_NAMES.0 as *const *const c_char,
    input_names: ptr::null(),
    state_scale: ptr::null(),
});

// Nothing depends on settings, so one instance without contents serves all.
static INSTANCE: u8 = 0;

extern "C" fn create(
    _host: *const dk_host,
    _settings: *const dk_values,
    model: *mut *mut dk_model,
    _error: *mut dk_error,
) -> i32 {
    unsafe { *model = &INSTANCE as *const u8 as *mut dk_model };
    DK_OK
}

extern "C" fn destroy(_model: *mut dk_model) {}

extern "C" fn info(_model: *const dk_model) -> *const dk_model_info {
    &INFO.0
}

/// r_i - sum_j A_ij x_j
fn growth(x: &[f64], theta: &[f64], i: usize) -> f64 {
    let row = &theta[N + i * N..N + (i + 1) * N];
    theta[i] - (row[0] * x[0] + row[1] * x[1] + row[2] * x[2])
}

unsafe fn row<'a>(input: &dk_input, s: i64, size: usize) -> &'a [f64] {
    std::slice::from_raw_parts(input.data.offset((s * input.stride) as isize), size)
}

unsafe fn row_mut<'a>(output: &dk_output, s: i64, k: usize, size: usize) -> &'a mut [f64] {
    let first = output.data.offset((s * output.stride) as isize);
    std::slice::from_raw_parts_mut(first.add(k * size), size)
}

unsafe extern "C" fn eval(
    _model: *const dk_model,
    points: *const dk_points,
    out: *const dk_output,
    _error: *mut dk_error,
) -> i32 {
    let (points, out) = (&*points, &*out);
    for s in 0..points.count {
        let (x, theta) = (row(&points.x, s, N), row(&points.theta, s, P));
        let dx = row_mut(out, s, 0, N);
        for i in 0..N {
            dx[i] = x[i] * growth(x, theta, i);
        }
    }
    DK_OK
}

// With q_i = g_i x_i for a cotangent g:
//     x_bar_j = g_j (r_j - sum_k A_jk x_k) - sum_i q_i A_ij
//     r_bar_i += q_i        A_bar_ij -= q_i x_j
unsafe extern "C" fn vjp(
    _model: *const dk_model,
    points: *const dk_points,
    cotangents: *const dk_cotangents,
    _error: *mut dk_error,
) -> i32 {
    let (points, cotangents) = (&*points, &*cotangents);
    let count = cotangents.count as usize;
    for s in 0..points.count {
        let (x, theta) = (row(&points.x, s, N), row(&points.theta, s, P));
        for k in 0..count {
            let g = &row(&cotangents.out, s, count * N)[k * N..(k + 1) * N];
            let q = [g[0] * x[0], g[1] * x[1], g[2] * x[2]];
            if !cotangents.x.data.is_null() {
                let x_bar = row_mut(&cotangents.x, s, k, N);
                for j in 0..N {
                    let column = [theta[N + j], theta[2 * N + j], theta[3 * N + j]];
                    x_bar[j] = g[j] * growth(x, theta, j)
                        - (q[0] * column[0] + q[1] * column[1] + q[2] * column[2]);
                }
            }
            if !cotangents.theta.data.is_null() {
                let theta_bar = row_mut(&cotangents.theta, s, k, P);
                for i in 0..N {
                    theta_bar[i] += q[i];
                    for j in 0..N {
                        theta_bar[N + i * N + j] -= q[i] * x[j];
                    }
                }
            }
        }
    }
    DK_OK
}

extern "C" fn extension(_model: *const dk_model, _id: *const c_char) -> *const c_void {
    ptr::null()
}

const TABLE: dk_model_v1 = dk_model_v1 {
    create,
    destroy,
    info,
    scratch_size: ptr::null(),
    prepared_size: ptr::null(),
    tape_size: ptr::null(),
    prepare: ptr::null(),
    eval,
    jacobian: ptr::null(),
    jvp: ptr::null(),
    vjp: Some(vjp),
    extension,
};

static MODEL: Shared<dk_model_v1> = Shared(TABLE);

// What an author has to write at the least.
static EQUATION: Shared<dk_model_v1> = Shared(dk_model_v1 { vjp: None, ..TABLE });

const fn component(
    id: *const c_char,
    summary: *const c_char,
    table: &'static Shared<dk_model_v1>,
) -> dk_component {
    dk_component {
        interface_id: text!("dynkit.model/1"),
        id,
        version: text!("1.0.0"),
        summary,
        citation: text!(
            "R. M. May & W. J. Leonard, Nonlinear aspects of competition between three species, SIAM J. Appl. Math. 29, 243 (1975)"
        ),
        license: text!("MIT"),
        settings: ptr::null(),
        setting_count: 0,
        required_extensions: ptr::null(),
        interface_table: &table.0 as *const dk_model_v1 as *const c_void,
    }
}

static COMPONENTS: Shared<[dk_component; 2]> = Shared([
    component(
        text!("org.dynkit.test.lotka_volterra"),
        text!("Lotka-Volterra competition: x_i' = x_i (r_i - sum_j A_ij x_j)"),
        &MODEL,
    ),
    component(
        text!("org.dynkit.test.lotka_volterra_equation"),
        text!("Lotka-Volterra competition without derivatives of its own"),
        &EQUATION,
    ),
]);

static LIBRARY: Shared<dk_library> = Shared(dk_library {
    abi_major: 1,
    abi_minor: 0,
    name: text!("dynkit-sdk"),
    version: text!("0.1.0"),
    component_count: 2,
    components: &COMPONENTS.0 as *const dk_component,
});

#[no_mangle]
pub extern "C" fn dynkit_plugin_v1() -> *const dk_library {
    &LIBRARY.0
}
