//! The crash points and mutants of this crate; see [`klaw_shm::crash`].

use klaw_shm::named_points;

named_points! {
    /// Where a worker may be killed between a call's coming and its being over.
    pub enum CorePoint {
        /// A call is out of the inbox, and nothing tells of it.
        CallTaken = "calls.taken",
        /// The run table has it, its code has not run.
        RunStored = "calls.run_stored",
        /// Its code has run, the reply is not published.
        CodeRun = "calls.code_run",
        /// The reply is published, the run table still has the call.
        ReplyPublished = "calls.reply_published",
        /// The run table has it no longer.
        RunCleared = "calls.run_cleared",
    }
}

named_points! {
    /// Steps of `klaw-core` that a test can leave out or turn round.
    pub enum CoreMutant {
        /// A call runs without being in the run table.
        RunUnseen = "calls.run_unseen",
        /// The run table loses a call before its reply is published.
        ClearBeforeReply = "calls.clear_before_reply",
        /// What the agent tells is heard before the replies that the dead have left.
        DeathBeforeReplies = "calls.death_before_replies",
    }
}
