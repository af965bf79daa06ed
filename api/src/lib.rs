//! How the world talks to Trackside: REST, WebSocket, inbound hooks, and the trackside binary.
