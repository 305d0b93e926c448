//! The crash points and mutants of this crate; see [`klaw_shm::crash`].

use klaw_shm::named_points;

named_points! {
    /// Where a process may be killed inside `klaw-channel`.
    pub enum ChannelPoint {
        /// A ring is ALLOC, its base is not stored.
        RingClaimed = "ring.claimed",
        /// The base is stored, the ring is not LIVE.
        RingBased = "ring.based",
        /// The ring is LIVE, nothing leads to it.
        RingLive = "ring.live",
        /// The LINK is written, the tail is before it.
        LinkWritten = "lane.link_written",
        /// Records are written, nothing is counted or published.
        RecordWritten = "lane.record_written",
        /// They are counted as sent, the tail is before them.
        SentCounted = "lane.sent_counted",
        /// They are published.
        TailStored = "lane.tail_stored",
        /// The lease is held, nothing is read.
        LeaseTaken = "lane.lease_taken",
        /// A batch of a call lane is claimed, nothing is copied.
        BatchClaimed = "lane.batch_claimed",
        /// The batch is copied and intended, the head is before it.
        IntentStored = "lane.intent_stored",
        /// The head is past the batch, nothing is counted.
        HeadStored = "lane.head_stored",
        /// Messages are counted as taken, their bytes are not.
        TakenHalfStored = "lane.taken_half_stored",
        /// All that was taken is counted, but not what of it had been taken back.
        TakenAllStored = "lane.taken_all_stored",
        /// All is counted, the lease is still held.
        TakenStored = "lane.taken_stored",
        /// The lease is released, the batch is not in user code.
        LeaseReleased = "lane.lease_released",
        /// One message of the batch is in user code.
        HandedOut = "lane.handed_out",
        /// The whole batch is in user code, or nothing of it is for user code.
        IntentCleared = "lane.intent_cleared",
        /// Reading goes on in the next ring, the old one is LIVE.
        HeadRingMoved = "lane.head_ring_moved",
        /// The old ring is free.
        OldRingFreed = "lane.old_ring_freed",
        /// The lane is DRAINED, its last ring is LIVE.
        LaneDrained = "lane.drained",
        /// The last ring is free, the lane is listed and its lease held.
        LastRingFreed = "lane.last_ring_freed",
        /// The drained lane's lease has moved on, its entry has not.
        LaneLeaseMoved = "lane.lease_moved",
        /// The drained lane's entry is free.
        LaneFreed = "lane.freed",
        /// A call lane is frozen by its sender.
        LaneFrozen = "lane.frozen",
        /// One message is a tombstone, the lane is still frozen.
        MessageBuried = "lane.message_buried",
        /// The lane is not frozen any more, nobody is rung, and what tombstones refer to is still in transit.
        LaneThawed = "lane.thawed",
        /// A sender has stored what it asks for.
        AskStored = "credit.ask_stored",
        /// Its grant is pending.
        GrantPending = "credit.grant_pending",
        /// A limit is raised, the grant is still pending.
        GrantHalfDone = "credit.grant_half_done",
        /// The grant is over.
        GrantDone = "credit.grant_done",
        /// One of the two limits is given back.
        GivenHalfBack = "credit.given_half_back",
        /// A channel's entry is claimed, nothing else is stored.
        ChannelClaimed = "channel.claimed",
        /// It has its first block.
        ChannelBlocked = "channel.blocked",
        /// Its ends are open, it is not live.
        ChannelEndsOpened = "channel.ends_opened",
        /// It is live.
        ChannelLive = "channel.live",
        /// A block is claimed, nothing leads to it.
        BlockClaimed = "channel.block_claimed",
        /// A block is linked, its owner is not stored.
        BlockLinked = "channel.block_linked",
        /// An end is claimed, the version is not raised.
        EndClaimed = "channel.end_claimed",
        /// The version is raised.
        EndVersioned = "channel.end_versioned",
        /// An end is free, nobody has looked whether it was the last.
        EndFreed = "channel.end_freed",
        /// A side is closed, nobody is rung.
        SideClosed = "channel.side_closed",
        /// A lane is claimed, it has no ring.
        LaneClaimed = "channel.lane_claimed",
        /// A lane is open, it is not listed.
        LaneOpened = "channel.lane_opened",
        /// A lane is listed, receivers are not told to look.
        LaneListed = "channel.lane_listed",
        /// A closing sender's lane is ENDED, its end is open.
        LaneEnded = "channel.lane_ended",
        /// A sender has said that it waits for credits.
        SenderWaits = "channel.sender_waits",
        /// An end is in transit, its record is not written.
        EndStamped = "transit.stamped",
        /// A receiver has opened an end that arrived, the head is before its record.
        EndArrived = "transit.arrived",
        /// An end in a record that nobody will read is free.
        EndDropped = "transit.dropped",
        /// A drained lane is not listed any more.
        LaneUnlisted = "channel.lane_unlisted",
        /// A channel that everybody has left is CLOSING.
        ChannelClosing = "channel.closing",
        /// Its chain of blocks is closed.
        ChainClosed = "channel.chain_closed",
        /// One of its blocks is free.
        BlockFreed = "channel.block_freed",
        /// Its entry is free.
        ChannelFreed = "channel.freed",
        /// A dead sender's unused credits are back.
        RepairCreditsSettled = "repair.credits_settled",
        /// A dead sender's lane is ENDED.
        RepairLaneEnded = "repair.lane_ended",
        /// The FROZEN of a sender that is gone is cleared.
        RepairThawed = "repair.lane_thawed",
        /// A ring that nobody comes to is freed.
        RepairRingFreed = "repair.ring_freed",
        /// A dead receiver's batch is decided.
        RepairDecided = "repair.decided",
        /// Messages taken by the dead are counted, their bytes are not.
        RepairTakenHalf = "repair.taken_half",
        /// All that the dead took is counted, but not what of it had been taken back.
        RepairTakenAll = "repair.taken_all",
        /// What the dead took is counted.
        RepairTaken = "repair.taken",
        /// What the dead lost is counted.
        RepairLostCounted = "repair.lost_counted",
        /// The dead one's lease is released.
        RepairLeaseReleased = "repair.lease_released",
    }
}

named_points! {
    /// Repairs and steps of `klaw-channel` that a test can leave out or turn round.
    pub enum ChannelMutant {
        /// A LINK is written before its ring has a base.
        LinkBeforeBase = "lane.link_before_base",
        /// The head moves before the batch is copied.
        HeadBeforeCopy = "lane.head_before_copy",
        /// A sender makes tombstones without freezing its lane.
        BuryWithoutFreeze = "calls.bury_without_freeze",
        /// A receiver copies a batch of a call lane before it claims it.
        CopyBeforeClaim = "calls.copy_before_claim",
        /// A sender that has thawed its lane looks for sleeping receivers without a fence.
        ThawWithoutFence = "calls.thaw_without_fence",
        /// A helper raises a limit that has the grant's tag already.
        GrantWithoutTag = "credit.grant_without_tag",
        /// A helper does not look at the grant again before it raises a limit.
        GrantWithoutSecondLook = "credit.grant_without_second_look",
        /// A sender that wants to sleep does not try once more after it has said so.
        SleepWithoutSecondTry = "credit.sleep_without_second_try",
        /// An end is given out without raising the version.
        ShareWithoutVersion = "channel.share_without_version",
        /// A closer looks for further ends without a fence after freeing its own.
        CloseWithoutFence = "channel.close_without_fence",
        /// A sweep keeps the dead sender's unused credits.
        KeepCredits = "repair.keep_credits",
        /// A sweep leaves the dead member's ends open.
        KeepEnds = "repair.keep_ends",
        /// A sweep leaves ends in transit whose record was never published.
        KeepTransit = "repair.keep_transit",
        /// A sweep does not close what the dead member's ends kept open.
        KeepSides = "repair.keep_sides",
        /// A sweep leaves channels that everybody has left.
        KeepChannels = "repair.keep_channels",
        /// A sweep leaves lanes that were read to the end.
        KeepDrained = "repair.keep_drained",
        /// A sweep leaves the dead sender's lane open.
        KeepOpenLane = "repair.keep_open_lane",
        /// Nobody clears the FROZEN of a sender that is gone.
        KeepFrozen = "repair.keep_frozen",
        /// A sweep does not count what the dead receiver passed and its sender had taken back.
        KeepRevoked = "repair.keep_revoked",
        /// A sweep leaves unreachable rings.
        KeepRings = "repair.keep_rings",
        /// A sweep frees rings by their owner's stamp alone.
        FreeByStamp = "repair.free_by_stamp",
        /// A sweep does not decide the dead receiver's batch.
        KeepIntent = "repair.keep_intent",
        /// A sweep leaves the dead receiver's lease.
        KeepLease = "repair.keep_lease",
    }
}
