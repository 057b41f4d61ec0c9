//! mainstay-client.
