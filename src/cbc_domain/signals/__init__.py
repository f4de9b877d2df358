"""What strategies say: wire text to signal, window, repeats, decision."""
