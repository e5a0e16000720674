"""Several processes that send one edition: each message is claimed by one of them, and none is left."""

import multiprocessing
import time
from collections import Counter
from datetime import timedelta

import pytest

from storage.people import deliveries
from storage.people.database import open_people
from storage.people.deliveries import DeliveryState, Result
from tests.drills.postgres import new_database, postgres_server
from tests.people import AT, MONDAY, SECRET

COUNT, WORKERS = 1000, 3


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield tmp_path / "people.sqlite"
        return
    with postgres_server() as server, new_database(server) as address:
        yield address


def claim_all(database, worker, start, claims):
    """Claim and record as a worker does, a few at a time, until nothing is left."""
    people = open_people(database, SECRET)
    mine = []
    start.wait()
    while portion := deliveries.claim_deliveries(people, MONDAY, worker, 7, AT, AT + timedelta(minutes=5)):
        mine += [one.subscriber_id for one in portion]
        results = [Result(one.delivery_id, DeliveryState.SENT, f"250 by {worker}") for one in portion]
        deliveries.record_results(people, worker, results, AT)
        time.sleep(0.002)  # As a send takes: others come to their turn.
    claims.put((worker, mine))


def test_three_processes_claim_at_once_and_nobody_gets_the_same_message(database):
    people = open_people(database, SECRET)
    deliveries.open_deliveries(people, MONDAY, {number: f"<{number}@yibao>" for number in range(1, COUNT + 1)}, AT)
    context = multiprocessing.get_context("spawn")
    start, claims = context.Barrier(WORKERS), context.Queue()
    workers = [
        context.Process(target=claim_all, args=(database, f"host/{number}", start, claims)) for number in range(WORKERS)
    ]
    for one in workers:
        one.start()
    claimed = dict(claims.get(timeout=120) for _ in workers)
    for one in workers:
        one.join(30)
    assert [one.exitcode for one in workers] == [0] * WORKERS
    assert all(claimed.values()), {worker: len(mine) for worker, mine in claimed.items()}
    counts = Counter(number for mine in claimed.values() for number in mine)
    assert counts == dict.fromkeys(range(1, COUNT + 1), 1)
    assert deliveries.count_deliveries(people, MONDAY) == {DeliveryState.SENT: COUNT}
    with people.connect() as connection:
        assert connection.exec_driver_sql("SELECT max(tries) FROM delivery").scalar() == 1


def open_at_once(database, start):
    start.wait()
    open_people(database, SECRET).dispose()


@pytest.mark.soak
def test_processes_that_open_an_empty_database_at_once_all_work(database):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(WORKERS)
    workers = [context.Process(target=open_at_once, args=(database, start)) for _ in range(WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    assert [one.exitcode for one in workers] == [0] * WORKERS
