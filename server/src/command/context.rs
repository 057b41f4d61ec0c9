//! command/context.rs — what a handler is handed, one type for each `Run`.
//!
//! Time and chance are handed in, so that they can be recorded and replayed; a handler can reach
//! nothing that is not here.

use mainstay_protocol::{OwnedRequest, ReplyWriter, Request};

use crate::clock::Millis;
use crate::dice::Dice;
use crate::error::Refusal;
use crate::keyspace::{Keys, Shared};
use crate::mail::Post;
use crate::process::Process;
use crate::session::Session;

/// What becomes of a command: it was answered, or it is refused. A refusal replaces whatever the
/// handler had written.
pub type Outcome = Result<Next, Refusal>;

/// What happens after a command was answered.
pub enum Next {
    /// Nothing more.
    Done,
    /// Nothing more; what was written are pushes, which CLIENT REPLY does not silence.
    Pushed,
    /// The transaction that is queued is run now.
    Execute,
    /// The connection is closed when its replies have been written.
    Close,
    /// There is nothing to answer yet, and nothing was changed. What was written is the answer if
    /// nothing comes in time; in a transaction it is the answer at once.
    Park(Box<Wait>),
    /// Nothing was done: the request is to be tried again in a moment.
    Hold,
}

/// How a call waits for a key to change, or for time to pass.
pub struct Wait {
    /// When it stops waiting; never without.
    pub until: Option<Millis>,
    /// The keys, and for each the request that is tried when it has changed. It names no other key
    /// that the call waits for, and stands in the record of what it did.
    pub resume: Vec<(Box<[u8]>, OwnedRequest)>,
    /// The kind of value, by TYPE's name, that it waits for.
    pub kind: &'static str,
    /// Whether it is tried, and its refusal answered, when a key goes or becomes something else.
    pub always: bool,
    /// What is answered when its time is over, if not what was written.
    pub late: Option<fn(&mut ReplyWriter<'_>)>,
    /// When it is tried again though no key has changed.
    pub again: Option<Millis>,
    /// Whether nobody who came later is served before it.
    pub in_turn: bool,
}

impl Wait {
    /// Waits until one of `keys` holds a `kind` of value; `resume` makes the request that is tried
    /// then, from the key and its place among them. A key named twice counts where it comes first:
    /// that is the one which is found, and a call waits for a key only once.
    pub fn park<'a>(
        kind: &'static str,
        until: Option<Millis>,
        keys: impl Iterator<Item = &'a [u8]>,
        resume: impl Fn(usize, &'a [u8]) -> OwnedRequest,
    ) -> Next {
        let keys = keys.enumerate();
        let resume = keys.map(|(place, key)| (key.into(), resume(place, key))).collect();
        Next::Park(Box::new(Wait {
            until,
            resume,
            kind,
            always: false,
            late: None,
            again: None,
            in_turn: false,
        }))
    }

    /// Waits for no key: only until the time is up, or the call is unblocked.
    pub fn out(until: Option<Millis>) -> Next {
        let (resume, kind) = (Vec::new(), "");
        let (always, late, again, in_turn) = (false, None, None, false);
        Next::Park(Box::new(Wait { until, resume, kind, always, late, again, in_turn }))
    }
}

/// What a looking handler is given.
pub struct Read<'a> {
    /// The stripes of the command's keys; all of them, one by one, if it names none.
    pub keys: &'a Keys<'a>,
    /// The request, name included.
    pub args: Request<'a>,
    /// Where the reply goes.
    pub out: ReplyWriter<'a>,
    /// The command's time.
    pub now: Millis,
    /// The command's chance. A reader's is not recorded: it changes nothing.
    pub dice: Dice,
}

/// What a changing handler is given.
pub struct Write<'a, 'k> {
    /// The stripes of the command's keys; everything, alone, if it names none.
    pub keys: Keys<'k>,
    /// The request, name included.
    pub args: Request<'a>,
    /// Where the reply goes.
    pub out: ReplyWriter<'a>,
    /// The command's time.
    pub now: Millis,
    /// The command's chance.
    pub dice: Dice,
    /// Whether it is tried again after it has waited: if it still finds nothing it must park and
    /// change nothing, not even what it changed when it was called.
    pub resumed: bool,
}

/// What a handler that changes one connection is given.
pub struct Visit<'a> {
    /// What we remember about the connection.
    pub session: &'a mut Session,
    /// What all connections share.
    pub process: &'a Process,
    /// Where messages to other connections go.
    pub post: &'a mut Post,
    /// The gate, unless a transaction holds it exclusively.
    pub gate: Option<&'a Shared<'a>>,
    /// The request, name included.
    pub args: Request<'a>,
    /// Where the reply goes.
    pub out: ReplyWriter<'a>,
    /// The command's time.
    pub now: Millis,
}

/// What a handler that looks at or steers the process is given.
pub struct Desk<'a> {
    /// Who asks.
    pub session: &'a Session,
    /// What all connections share.
    pub process: &'a Process,
    /// Where messages to connections go.
    pub post: &'a mut Post,
    /// The request, name included.
    pub args: Request<'a>,
    /// Where the reply goes.
    pub out: ReplyWriter<'a>,
    /// The command's time.
    pub now: Millis,
}
