"""The agents' dialect: assistant messages, the requests for them, and their events as they grow."""
