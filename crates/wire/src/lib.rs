//! What travels between services: generated gRPC types, reasons, clients, servers.
