"""A small HTTP and WebSocket endpoint by which another program reads and edits annotations or labels."""
