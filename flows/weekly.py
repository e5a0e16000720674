"""One week, as its curators put it together, to the readers."""

from datetime import date
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from flows import harvest, post, wiring
from flows.ending import ended
from flows.publish import write_tree
from flows.translate import translate


@flow(name="weekly")
def weekly(on: date | None = None, config: str = "yibao.toml") -> State | None:
    """The edition of the week that holds a date is published, and sent to weekly subscribers."""
    with wiring.run(Path(config), "weekly", on) as run:
        translate(run)
        harvest.describe_papers(run)
        write_tree(run)
        post.deliver(run, post.weekly_key(run.on))
        return ended(run)
