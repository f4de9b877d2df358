"""Wake-ups between workers."""
