//! catalog.rs — the only file that lists the engines.

use crate::command::Engine;
use crate::keyspace::Kind;
use crate::settings::{Setting, catalog as process};
use crate::{engine, system};

/// Every folder of `engine/` and `system/`, in the order that documentation shows them.
pub static ENGINES: &[&Engine] = &[
    &engine::keys::ENGINE,
    &engine::string::ENGINE,
    &engine::list::ENGINE,
    &engine::hash::ENGINE,
    &engine::set::ENGINE,
    &engine::sorted_set::ENGINE,
    &engine::stream::ENGINE,
    &engine::bitmap::ENGINE,
    &engine::hyperloglog::ENGINE,
    &engine::geo::ENGINE,
    &engine::limiter::ENGINE,
    &engine::pubsub::ENGINE,
    &system::transaction::ENGINE,
    &system::script::ENGINE,
    &system::connection::ENGINE,
    &system::client::ENGINE,
    &system::acl::ENGINE,
    &system::command::ENGINE,
    &system::config::ENGINE,
    &system::info::ENGINE,
    &system::persistence::ENGINE,
    &system::process::ENGINE,
    &system::replication::ENGINE,
];

/// Every setting: the process's own and the engines'.
pub fn settings() -> Vec<&'static Setting> {
    let engines = ENGINES.iter().flat_map(|engine| engine.settings.iter().copied());
    process::SETTINGS.iter().copied().chain(engines).collect()
}

/// Every kind of value but string.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    ENGINES.iter().flat_map(|engine| engine.kinds.iter().copied())
}
