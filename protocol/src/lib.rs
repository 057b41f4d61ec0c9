//! mainstay-protocol.
