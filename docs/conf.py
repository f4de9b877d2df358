"""How Sphinx builds these pages; nothing is fetched while it does."""

project = "CoinBitClub"
author = "The CoinBitClub authors"
copyright = f"2026, {author}"
release = "0.1.0"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_sourcelink = False
