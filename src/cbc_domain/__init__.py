"""The rules of CoinBitClub: values, decisions, the ports they need and the use cases that join them."""
