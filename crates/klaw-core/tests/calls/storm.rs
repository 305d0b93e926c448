//! Everything at once, at random: calls, cancels, kills, ends. Whatever becomes of a call, it is told, once.

use klaw_sched::ids::CallId;
use klaw_testkit::{Case, Outcome, say};

use crate::stage::{Actor, Setting, Stage, options, retried, text};

pub(crate) fn cases() -> Vec<Case> {
    let rounds = if std::env::var_os("KLAW_LONG").is_some() { 20_000 } else { 500 };
    vec![Case::new("in a storm every call is answered once", move || {
        Setting::cpus(2).play(|stage| {
            let seed = std::env::var("KLAW_SEED").ok().and_then(|seed| seed.parse().ok());
            let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
            let storm = Storm { random: Random(seed), actors: Vec::new(), calls: Vec::new(), kills: 0 };
            storm.rage(stage, rounds).map_err(|why| format!("KLAW_SEED={seed}: {why}"))
        })
    })]
}

struct Random(u64);

impl Random {
    /// Below `end`.
    fn below(&mut self, end: usize) -> usize {
        // Splitmix: even from small seeds.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed >> 33) % end as u64).expect("small")
    }
}

struct Storm {
    random: Random,
    actors: Vec<Actor>,
    calls: Vec<CallId>,
    kills: u32,
}

impl Storm {
    fn rage(mut self, stage: &mut Stage, rounds: u32) -> Outcome {
        for _ in 0..rounds {
            self.step(stage)?;
            if self.calls.len() > 3_000 {
                self.settle(stage)?;
            }
        }
        self.settle(stage)?;
        // Nothing is lost of what there was: two tasks at once that need tasks themselves.
        let calls: Result<Vec<_>, _> = (0..8).map(|_| stage.task("nest", b"1 echo calm")).collect();
        for call in calls? {
            stage.expect_value(call, "calm")?;
        }
        say(&format!("{} kills", self.kills));
        Ok(())
    }

    /// Every call that was not cancelled is answered, somehow.
    fn settle(&mut self, stage: &mut Stage) -> Outcome {
        let calls = std::mem::take(&mut self.calls);
        stage.answers(&calls).map(drop)
    }

    fn step(&mut self, stage: &mut Stage) -> Outcome {
        let policy = retried(u32::try_from(self.random.below(3)).map_err(text)?);
        match self.random.below(20) {
            0 if self.actors.len() < 5 => {
                let limit = 1 + self.random.below(4) * 10;
                let restarts = u32::try_from(self.random.below(4)).map_err(text)?;
                let creation =
                    if self.random.below(10) == 0 { "throw no".to_owned() } else { format!("limit {limit}") };
                self.actors.push(stage.create_with(options("Deeds", Some(restarts)), &creation, &[])?);
            }
            1..=5 => {
                for _ in 0..self.random.below(50) {
                    let deed = ["echo", "throw", "count", "nest"][self.random.below(4)];
                    let Some(actor) = self.any_actor() else { break };
                    let call = stage.call_by(policy, actor, deed, b"0 echo x", &[]).map_err(text)?;
                    self.calls.push(call);
                }
            }
            6..=9 => {
                for _ in 0..self.random.below(30) {
                    let deed = ["echo", "throw", "nest", "exit"][self.random.below(4)];
                    let call = stage.task_by(policy, deed, b"0 echo x", &[])?;
                    self.calls.push(call);
                }
            }
            10 => {
                let workers = stage.workers();
                if !workers.is_empty() {
                    crate::deaths::kill_if_there(workers[self.random.below(workers.len())]);
                    self.kills += 1;
                }
            }
            11..=13 if !self.calls.is_empty() => {
                let call = self.calls.swap_remove(self.random.below(self.calls.len()));
                let force = self.random.below(4) == 0;
                let was_pending =
                    stage.port.calls.cancel(&mut stage.port.event_loop, call, force).map_err(text)?;
                // Settled is what is told, be it later.
                if !was_pending {
                    self.calls.push(call);
                }
            }
            14 => self.end_an_actor(stage)?,
            _ => stage.turn_now()?,
        }
        Ok(())
    }

    fn any_actor(&mut self) -> Option<Actor> {
        let count = self.actors.len();
        (count > 0).then(|| self.actors[self.random.below(count)])
    }

    fn end_an_actor(&mut self, stage: &mut Stage) -> Outcome {
        if self.actors.is_empty() {
            return Ok(());
        }
        let actor = self.actors.swap_remove(self.random.below(self.actors.len()));
        let crate::turn::Port { calls, event_loop, .. } = &mut stage.port;
        match self.random.below(4) {
            0 => calls.kill_actor(event_loop, actor.id, true).map_err(text)?,
            1 => calls.terminate_actor(event_loop, actor.id, 1_000).map_err(text)?,
            2 => calls.forget_actor(event_loop, actor.id).map_err(text)?,
            _ => {}
        }
        event_loop.close_sender(actor.alive);
        Ok(())
    }
}
