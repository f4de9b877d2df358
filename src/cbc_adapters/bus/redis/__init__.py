"""Wake-ups between processes through Redis pub/sub."""
