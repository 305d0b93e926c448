//! This process in a session.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use klaw_channel::Node;
use klaw_shm::session;

use crate::error::Error;
use crate::event_loop::EventLoop;

/// A process's membership in a session. All its threads share one; it leaves when the last loop and the last handle are
/// gone.
#[derive(Debug)]
pub struct Runtime {
    node: Arc<Node>,
}

/// In the session's directory.
const AGENT_FILE: &str = "agent";

/// Sessions that this process is a member of, by their addresses. A process joins a session once, however many of its threads
/// ask: to the other members it is one process, which dies as a whole.
static JOINED: Mutex<Option<HashMap<PathBuf, Weak<Runtime>>>> = Mutex::new(None);

impl Runtime {
    /// Makes a new private session of this user and joins it. Leftovers of killed sessions are cleared away first.
    pub fn create() -> Result<Arc<Self>, Error> {
        Self::create_in(&session::base_directory())
    }

    /// [`Runtime::create`] below another directory, which must be private to this user.
    pub fn create_in(base: &Path) -> Result<Arc<Self>, Error> {
        let node = Node::create(base)?;
        Ok(remember(Self { node }))
    }

    /// Joins the session at `address`, or returns this process's membership there.
    pub fn attach(address: &Path) -> Result<Arc<Self>, Error> {
        if let Some(joined) = joined(address) {
            return Ok(joined);
        }
        let node = Node::attach(address)?;
        Ok(remember(Self { node }))
    }

    /// Joins the newest living session of this user.
    pub fn attach_newest() -> Result<Arc<Self>, Error> {
        let base = session::base_directory();
        for path in session::list(&base)? {
            match Self::attach(&path) {
                // It has ended since it was listed, or its members were all killed.
                Err(e) if e.code() == "ERR_KLAW_SESSION_GONE" => {}
                other => return other,
            }
        }
        Err(Error::NoSession { base: base.display().to_string() })
    }

    /// The session's address: what other processes attach to.
    #[must_use]
    pub fn address(&self) -> &Path {
        self.node.session().path()
    }

    /// The session's id, as its directory is called.
    #[must_use]
    pub fn session_id(&self) -> String {
        format!("{:016x}", self.node.session().id())
    }

    /// Opens what one more event loop of this process needs.
    pub fn event_loop(self: &Arc<Self>) -> Result<EventLoop, Error> {
        EventLoop::open(self)
    }

    /// The channel that the session's agent listens to.
    pub fn agent_port(&self) -> Result<u64, Error> {
        let text = std::fs::read_to_string(self.address().join(AGENT_FILE)).unwrap_or_default();
        text.trim().parse().map_err(|_| Error::NoAgent { address: self.address().display().to_string() })
    }

    /// Who joins finds it there; it is removed with the session's directory.
    pub(crate) fn announce_agent(&self, port: u64) -> Result<(), Error> {
        let written = std::fs::write(self.address().join(AGENT_FILE), port.to_string());
        written.map_err(|e| Error::Agent { what: "a file in the session's directory", source: e })
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }
}

fn joined(address: &Path) -> Option<Arc<Runtime>> {
    let joined = JOINED.lock().unwrap_or_else(PoisonError::into_inner);
    joined.as_ref()?.get(address)?.upgrade()
}

/// Two threads that join at once: the first is remembered, the second's membership ends.
fn remember(runtime: Runtime) -> Arc<Runtime> {
    let mut joined = JOINED.lock().unwrap_or_else(PoisonError::into_inner);
    let joined = joined.get_or_insert_default();
    joined.retain(|_, runtime| runtime.strong_count() > 0);
    if let Some(first) = joined.get(runtime.address()).and_then(Weak::upgrade) {
        return first;
    }
    let runtime = Arc::new(runtime);
    joined.insert(runtime.address().to_owned(), Arc::downgrade(&runtime));
    runtime
}
