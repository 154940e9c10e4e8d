"""Profiles of Hypothesis: ``quick`` (the default, the same examples every time) and ``night``."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# strategies.py and twin.py are imported by their plain names.
sys.path.insert(0, str(Path(__file__).parent))

_slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "quick", max_examples=60, deadline=None, derandomize=True, suppress_health_check=_slow
)
settings.register_profile("night", max_examples=3000, deadline=None, suppress_health_check=_slow)
# Tests compile what they test.
os.environ["DVAR_CACHE"] = ""

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
