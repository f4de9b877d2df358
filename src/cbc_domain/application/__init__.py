"""The use cases: one file a verb, each a callable with its ports as fields."""
