//! What is particular to an operating system, one module a concern. Linux only, so far; another system is refused
//! at compile time here, and with a coded error by the language faces.

#[cfg(not(target_os = "linux"))]
compile_error!("klaw-shm runs on Linux only, for now");
#[cfg(not(target_pointer_width = "64"))]
compile_error!("klaw-shm needs a 64-bit target: positions are u64 words");

mod fifo;
mod futex;
mod process;
mod robust;

pub(crate) use fifo::{drain_fifo, make_fifo, open_fifo, ring_fifo};
pub(crate) use futex::{futex_wait, futex_wake};
pub use process::{ProcessHandle, kill_self};
pub(crate) use process::{boot_id, current_process, pid_namespace, process_start_time};
pub(crate) use robust::{OWNER_DIED, RobustWord};
