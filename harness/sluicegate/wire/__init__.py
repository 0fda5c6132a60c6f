"""Sans-IO codecs and schemas: bytes and dicts in, frozen values out."""
