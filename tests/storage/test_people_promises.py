"""Subscribers, suppressions, deliveries and approvals on SQLite."""

import pytest

from tests.people import PeoplePromises, people

__all__ = ["people"]


class TestSqlite(PeoplePromises):
    @pytest.fixture
    def database(self, tmp_path):
        return tmp_path / "people.sqlite"
