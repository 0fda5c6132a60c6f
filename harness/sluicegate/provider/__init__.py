"""The mock LLM provider: what it says, how it fails, and what happened."""
