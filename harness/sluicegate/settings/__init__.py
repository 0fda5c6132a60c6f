"""Settings as people write them: files in TOML and YAML, and the environment variables in them."""
