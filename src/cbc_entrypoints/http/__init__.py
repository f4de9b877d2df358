"""The HTTP API of the public contract: one module a resource, strict shapes at the edge, no adapter in sight."""
