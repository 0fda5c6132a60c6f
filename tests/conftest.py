from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# No test is timed, and a slow machine is no defect; the same examples in every run.
settings.register_profile(
    "untimed", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")
