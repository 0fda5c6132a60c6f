"""The proxy: agents stream AssistantMessage events from any upstream; keys stay on the server."""
