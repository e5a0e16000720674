"""One day, from arXiv and the curators' files to the readers."""

from datetime import date
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from commands import progress
from flows import harvest, post, wiring
from flows.ending import ended
from flows.publish import write_tree
from flows.translate import translate


@flow(name="daily")
def daily(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """What arXiv announced on a date is merged with the translations, published, and sent to daily subscribers.

    Gaps of earlier days are filled on the way, each under its own date. While a day is not complete, everything is
    published all the same, and its mail waits: whichever run finds the day complete sends it.
    """
    with wiring.run(Path(config), "daily", on, run_id) as run:
        harvest.harvested(run, translate=translate)
        progress.tell("publishing", None)
        write_tree(run)
        progress.tell("sending mail", None)
        post.deliver_due(run, post.daily_key(run.on))
        return ended(run)
