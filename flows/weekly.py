"""One week, as its curators put it together, to the readers."""

from datetime import date
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from commands import progress
from flows import harvest, post, wiring
from flows.ending import ended
from flows.publish import write_tree
from flows.translate import translate


@flow(name="weekly")
def weekly(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """The edition of the week that holds a date is published, and sent to weekly subscribers.

    It waits while a list of the week is not complete, or the week is not over.
    """
    with wiring.run(Path(config), "weekly", on, run_id) as run:
        harvest.translate_and_describe(run, translate)
        progress.tell("publishing", None)
        write_tree(run)
        progress.tell("sending mail", None)
        post.deliver_due(run, post.weekly_key(run.on))
        return ended(run)
