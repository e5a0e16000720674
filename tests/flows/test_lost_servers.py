"""A run by hand whose Prefect server goes away at once, on an installation that has no library yet."""

from contextlib import nullcontext

from commands import manual_runs
from commands.prefect_server import ServerLostError
from flows.steps import environment
from tests.conftest import MONDAY


def test_a_first_run_whose_server_goes_away_before_it_begins_goes_on_with_a_server_of_its_own(
    installation, monkeypatch, capsys
):
    settings = environment.load_settings(installation.config)
    attempts = []

    def run_flow(name, _parameters):
        attempts.append(name)
        if len(attempts) == 1:
            raise ServerLostError("1", "went away")
        return "2"

    monkeypatch.setattr(manual_runs, "find_server", lambda _settings: "http://127.0.0.1:9/api")
    monkeypatch.setattr(manual_runs, "join_server", lambda *_: nullcontext())
    monkeypatch.setattr(manual_runs, "start_own_server", lambda *_: nullcontext())
    monkeypatch.setattr(manual_runs, "_run_flow", run_flow)
    assert manual_runs.run_by_hand(settings, settings.paths.library, "daily", on=MONDAY) is None
    assert attempts == ["daily", "daily"]
    assert "went away; the run goes on with a server of its own" in capsys.readouterr().err
