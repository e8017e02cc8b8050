"""Every distribution's tests may use the database servers of ``tests/servers``."""

pytest_plugins = ["tests.servers.fixtures", "tests.parity.plugin"]
