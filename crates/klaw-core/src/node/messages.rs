//! What stands in the agent's channel, in an order in which causes come before effects.
//!
//! Each port sends over a lane of its own, and lanes are not ordered among each other. So what an actor's owner says of it and what others
//! say of it, who have got it from the owner, come in any order. But if all is taken until nothing more is there, whatever had been
//! sent before something that was taken was taken too.

use klaw_sched::ids::ActorId;
use klaw_sched::message::ToAgent;

use crate::calls::wire::{Control, read_control, tag};
use crate::event_loop::{Arrived, Received};

/// One message, and what came along.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) control: Control,
    pub(super) attachment: Vec<u8>,
    pub(super) ends: Vec<Arrived>,
}

/// Takes all that is there.
#[derive(Debug, Default)]
pub(super) struct Messages {
    messages: Vec<Message>,
    /// Ends of what no port of ours sends.
    unwanted: Vec<Arrived>,
}

impl Received for Messages {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, tag: u32, record: &[u8], ends: &[Arrived]) {
        match read_control(record).filter(|_| tag == tag::CONTROL) {
            Some((control, attachment)) => {
                let (attachment, ends) = (attachment.to_vec(), ends.to_vec());
                self.messages.push(Message { control, attachment, ends });
            }
            None => self.unwanted.extend(ends),
        }
    }
}

impl Messages {
    /// The messages: whatever makes an actor before whatever else names it, and questions for names last. And ends that nobody wants.
    pub(super) fn in_order(self) -> (Vec<Message>, Vec<Arrived>) {
        let mut messages = self.messages;
        if messages.iter().any(|message| made(message).is_some()) {
            makers_first(&mut messages);
            // Stable: all else stays in its order.
            messages.sort_by_key(|message| matches!(message.control, Control::Agent(ToAgent::Find { .. })));
        }
        (messages, self.unwanted)
    }
}

fn makers_first(messages: &mut [Message]) {
    let mut at = 0;
    while at < messages.len() {
        let maker = named(&messages[at])
            .and_then(|actor| messages[at..].iter().position(|message| made(message) == Some(actor)));
        if let Some(behind) = maker {
            messages[at..=at + behind].rotate_right(1);
        }
        at += 1;
    }
}

fn made(message: &Message) -> Option<ActorId> {
    match message.control {
        Control::Agent(ToAgent::CreateActor { actor, .. }) => Some(actor),
        _ => None,
    }
}

fn named(message: &Message) -> Option<ActorId> {
    match message.control {
        Control::Agent(
            ToAgent::Watch { actor, .. } | ToAgent::Kill { actor, .. } | ToAgent::Terminate { actor, .. },
        ) => Some(actor),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use klaw_sched::ids::{Cpus, PortId};
    use klaw_sched::message::{ActorName, ActorOptions};

    use super::*;

    fn actor(number: u64) -> ActorId {
        ActorId { owner: PortId(1), number }
    }

    fn create(number: u64) -> ToAgent {
        let options = ActorOptions {
            label: String::new(),
            name: None,
            get_if_exists: false,
            max_restarts: None,
            placement_cpus: Cpus(0),
            running_cpus: Cpus(0),
            start_timeout_ms: 0,
        };
        ToAgent::CreateActor { actor: actor(number), options }
    }

    fn watch(port: u64, number: u64) -> ToAgent {
        ToAgent::Watch { port: PortId(port), actor: actor(number) }
    }

    fn ordered(messages: Vec<ToAgent>) -> Vec<ToAgent> {
        let message =
            |message| Message { control: Control::Agent(message), attachment: Vec::new(), ends: Vec::new() };
        let messages =
            Messages { messages: messages.into_iter().map(message).collect(), unwanted: Vec::new() };
        let agents = |message: Message| match message.control {
            Control::Agent(message) => message,
            other => panic!("{other:?}"),
        };
        messages.in_order().0.into_iter().map(agents).collect()
    }

    #[test]
    fn what_makes_an_actor_comes_before_what_names_it() {
        let kill = ToAgent::Kill { actor: actor(2), no_restart: true };
        let name = ActorName { namespace: String::new(), name: "a".to_owned() };
        let find = ToAgent::Find { port: PortId(2), request: 1, name };
        let before =
            vec![find.clone(), watch(2, 2), watch(3, 2), create(1), kill.clone(), watch(4, 9), create(2)];
        let after = vec![create(2), watch(2, 2), watch(3, 2), create(1), kill, watch(4, 9), find];
        assert_eq!(ordered(before), after);
    }

    #[test]
    fn everything_else_stays_in_its_order() {
        let messages = [watch(2, 1), create(1), watch(2, 1), create(2), watch(2, 2)];
        assert_eq!(ordered(messages[1..].to_vec()), messages[1..]);
    }
}
