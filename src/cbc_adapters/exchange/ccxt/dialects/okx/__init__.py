"""OKX, as ccxt reaches it."""
