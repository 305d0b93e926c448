//! How an error reaches JavaScript: an `Error` with `code`, the message, and `details` by name. The TypeScript side makes the
//! class of it.

use std::any::Any;
use std::ptr;
use std::sync::Arc;

use klaw_core::{Detail, Error};
use napi::bindgen_prelude::ToNapiValue;
use napi::sys;

/// What an export failed with.
pub(crate) enum Failure {
    /// From below.
    Core(Arc<Error>),
    /// No loop is open in this environment: it was never, or it was closed.
    NotOpen,
    /// A loop is open already.
    AlreadyOpen,
    /// Calls are not open in this environment.
    NoCalls,
    /// JavaScript passed what our own TypeScript never passes.
    Argument(&'static str),
    /// Node-API or libuv said no.
    Host(&'static str),
    /// A bug of ours: a panic was caught.
    Panic(String),
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::Core(Arc::new(e))
    }
}

impl Failure {
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "no message".to_owned()))
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Core(e) => e.code(),
            Self::NotOpen | Self::NoCalls => "ERR_KLAW_NOT_INITIALIZED",
            Self::AlreadyOpen => "ERR_KLAW_ALREADY_INITIALIZED",
            Self::Argument(_) => "ERR_KLAW_INVALID_ARGUMENT",
            Self::Host(_) => "ERR_KLAW_HOST",
            Self::Panic(_) => "ERR_KLAW_PANIC",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Core(e) => e.to_string(),
            Self::NotOpen => {
                "no session here: call `await init()` first; after `shutdown()`, call it again".to_owned()
            }
            Self::AlreadyOpen => {
                "this thread is in a session already: shut it down before you join another".to_owned()
            }
            Self::NoCalls => {
                "no actors and tasks here: this session was made by something that starts no workers"
                    .to_owned()
            }
            Self::Argument(what) => format!("the addon was called with {what}"),
            Self::Host(what) => format!("{what} failed: this host is no Node.js that we know"),
            Self::Panic(text) => {
                format!("a bug in klaw-runtime, please report it: {text}. The session may go on")
            }
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::Core(e) => e.details(),
            _ => Vec::new(),
        }
    }

    /// Throws it, and says so to napi-rs.
    pub(crate) fn throw(&self, env: sys::napi_env) -> napi::Error {
        if let Some(error) = self.to_js(env) {
            // SAFETY: `env` is the environment whose thread this is, `error` a value of the open handle scope.
            unsafe { sys::napi_throw(env, error) };
        }
        napi::Error::new(napi::Status::PendingException, self.message())
    }

    /// `None` if the environment is ending, and no object can be made.
    pub(crate) fn to_js(&self, env: sys::napi_env) -> Option<sys::napi_value> {
        let code = value(env, self.code().to_owned())?;
        let message = value(env, self.message())?;
        let mut error = ptr::null_mut();
        // SAFETY: both are strings of the open handle scope.
        let status = unsafe { sys::napi_create_error(env, code, message, &raw mut error) };
        if status != sys::Status::napi_ok {
            return None;
        }
        let details = object(env)?;
        for (name, detail) in self.details() {
            let detail = match detail {
                #[expect(clippy::cast_precision_loss, reason = "counts and sizes below 2^53")]
                Detail::Number(number) => value(env, number as f64)?,
                Detail::Text(text) => value(env, text)?,
                Detail::Flag(flag) => value(env, flag)?,
                Detail::Lines(lines) => value(env, lines)?,
            };
            set(env, details, name, detail)?;
        }
        set(env, error, "details", details)?;
        Some(error)
    }
}

fn value(env: sys::napi_env, of: impl ToNapiValue) -> Option<sys::napi_value> {
    // SAFETY: `env` is the environment whose thread this is.
    unsafe { ToNapiValue::to_napi_value(env, of) }.ok()
}

fn object(env: sys::napi_env) -> Option<sys::napi_value> {
    let mut object = ptr::null_mut();
    // SAFETY: as in `value`.
    let status = unsafe { sys::napi_create_object(env, &raw mut object) };
    (status == sys::Status::napi_ok).then_some(object)
}

/// Defines a field: assigning it could run a setter that user code has put into a prototype.
fn set(env: sys::napi_env, object: sys::napi_value, name: &str, to: sys::napi_value) -> Option<()> {
    let property = sys::napi_property_descriptor {
        utf8name: ptr::null(),
        name: value(env, name.to_owned())?,
        method: None,
        getter: None,
        setter: None,
        value: to,
        attributes: sys::PropertyAttributes::writable
            | sys::PropertyAttributes::enumerable
            | sys::PropertyAttributes::configurable,
        data: ptr::null_mut(),
    };
    // SAFETY: an object, a key and a value of the open handle scope.
    let status = unsafe { sys::napi_define_properties(env, object, 1, &raw const property) };
    (status == sys::Status::napi_ok).then_some(())
}
