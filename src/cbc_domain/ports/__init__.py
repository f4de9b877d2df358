"""What the domain needs from outside, as Protocols; each docstring states the promises an adapter keeps."""
