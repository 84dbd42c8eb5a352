"""What holds for all tests."""

import hypothesis

# A deadline in milliseconds fails when the machine is busy, and says nothing of the code.
hypothesis.settings.register_profile("corslens", deadline=None)
hypothesis.settings.load_profile("corslens")
