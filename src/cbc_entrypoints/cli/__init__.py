"""The command `cbc`: one module for each group of commands."""
