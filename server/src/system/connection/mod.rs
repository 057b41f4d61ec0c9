//! system/connection — commands about the connection they come by.

mod commands;
mod login;
mod wait;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "connection",
    summary: "Commands about the connection they come by.",
    group: Group::Connection,
    kinds: &[],
    commands: &[
        &login::AUTH,
        &commands::ECHO,
        &login::HELLO,
        &commands::PING,
        &commands::QUIT,
        &commands::RESET,
        &commands::SELECT,
        &wait::WAIT,
    ],
    settings: &[],
    state: None,
};
