"""What every test shares: the servers it may ask for, and how hard properties are tried."""

import os

from hypothesis import settings

pytest_plugins = ["tests.servers"]

settings.register_profile("here", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("CBC_TEST_PROFILE", "here"))
