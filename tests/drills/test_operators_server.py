"""`yibao schedule` on a Prefect server that is not ours: named in the settings, shared, away for a while."""

import re
import shutil
import signal
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from commands import schedule
from tests.drills.scheduled import free_port, in_proc, lay_out, run_to_end, running, wait_for
from yibao.errors import YibaoError

pytestmark = in_proc


def test_a_server_of_the_operators_that_does_not_answer_is_an_error_within_seconds(tmp_path, arxiv):
    url = f"http://127.0.0.1:{free_port()}/api"
    status, output = run_to_end(lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"'))
    assert (status, f"prefect.api_url: no Prefect server answers at {url}" in output) == (1, True), output


class Forwarder:
    """A port that leads to a server as long as it is open."""

    def __init__(self, target):
        self.target = target
        self.is_open = True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            self.pairs += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.is_open = False
        for connection in self.pairs:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def operators(prefect_server):
    """A Prefect server that is not ours, which can go away and come back."""
    from prefect.settings import PREFECT_API_URL

    forwarder = Forwarder(urlsplit(PREFECT_API_URL.value()).port)
    yield forwarder
    forwarder.close()
    forwarder.listener.close()


def test_two_installations_on_an_operators_server_have_deployments_of_their_own(tmp_path, arxiv, operators):
    url = f"http://127.0.0.1:{operators.port}/api"
    installations = [lay_out(tmp_path / host / "srv", arxiv, 4200, f'api_url = "{url}"') for host in ("a", "b")]
    with running(installations[0], operators.port) as scheduled, running(installations[1], operators.port) as other:
        scheduled.await_ready()
        other.await_ready()
        ours = {name: deployment for name, deployment in scheduled.api.deployments().items() if "-srv-" in name}
        configs = {name: deployment["parameters"]["config"] for name, deployment in ours.items()}
        assert len(configs) == 4
        assert set(configs.values()) == {str(installation.config) for installation in installations}
        assert all(re.fullmatch(r"(daily|weekly)-srv-[0-9a-f]{6}", name) for name in configs)


def test_an_operators_server_that_goes_away_is_waited_for(tmp_path, arxiv, operators):
    url = f"http://127.0.0.1:{operators.port}/api"
    with running(lay_out(tmp_path / "srv", arxiv, 4200, f'api_url = "{url}"'), operators.port) as scheduled:
        scheduled.await_ready()
        operators.close()
        assert wait_for(lambda: "does not answer; we go on trying" in scheduled.text, 30), scheduled.text
        operators.is_open = True
        assert wait_for(lambda: "answers again" in scheduled.text, 30), scheduled.text
        assert scheduled.process.poll() is None
        scheduled.find_processes()
        scheduled.process.send_signal(signal.SIGINT)
        assert scheduled.await_end(10) == 0


def test_a_server_that_is_silent_for_too_long_ends_the_schedule():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        health = schedule.Health(f"http://127.0.0.1:{silent.getsockname()[1]}/api", patience_s=1.0)
        with pytest.raises(YibaoError, match="has not answered for 1 seconds, so nothing runs"):
            wait_for(lambda: health.check(every_s=0), 30)


def test_a_name_on_prefects_server_is_the_operators_or_the_folders_with_figures_that_stay(tmp_path, arxiv):
    from flows.steps import environment

    installation = lay_out(tmp_path / "srv", arxiv, 4200)
    (installation.folder / "data").mkdir()
    first = schedule.name_installation(installation.config, environment.load_settings(installation.config))
    assert re.fullmatch(r"srv-[0-9a-f]{6}", first)
    assert schedule.name_installation(installation.config, environment.load_settings(installation.config)) == first
    # Another host with the same path has another data folder.
    shutil.rmtree(installation.folder / "data")
    (installation.folder / "data").mkdir()
    assert schedule.name_installation(installation.config, environment.load_settings(installation.config)) != first
    installation.configure(arxiv, more='\n[prefect]\nname = "gazette"')
    assert schedule.name_installation(installation.config, environment.load_settings(installation.config)) == "gazette"


def test_of_runs_that_were_missed_the_newest_is_kept_and_one_that_is_broken_off_again_and_again_is_given_up(
    prefect_server,
):
    from datetime import UTC, datetime, timedelta

    from prefect.client.orchestration import get_client
    from prefect.states import Running, Scheduled

    from commands.flow_runs import FLOWS
    from commands.runner import settle_earlier_runs

    deployment = FLOWS["daily"].to_deployment(name="missed").apply()
    now = datetime.now(UTC)

    with get_client(sync_client=True) as client:

        def create(state):
            return client.create_flow_run_from_deployment(deployment, state=state).id

        missed = [create(Scheduled(scheduled_time=now - timedelta(days=days))) for days in (3, 1, 2)]
        coming = create(Scheduled(scheduled_time=now + timedelta(days=1)))
        dead = create(Scheduled(scheduled_time=now + timedelta(days=2)))
        # Each time it is running counts.
        for expected in ("SCHEDULED", "SCHEDULED", "CRASHED"):
            client.set_flow_run_state(dead, Running(), force=True)
            settle_earlier_runs(client, [deployment])
            assert client.read_flow_run(dead).state_type.value == expected
        states = [client.read_flow_run(run_id).state_type.value for run_id in [*missed, coming]]
        assert states == ["CANCELLED", "SCHEDULED", "CANCELLED", "SCHEDULED"]
