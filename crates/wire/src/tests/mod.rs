//! Clients and servers over real sockets on loopback.

mod certificates;
mod mutual_tls;
mod reflection;
mod replica;
mod restarts;
mod rotation;
