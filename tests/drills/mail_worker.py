"""One run of the newsletter in a process that can be killed; without Prefect, which takes seconds to start."""

import json
import sys
from datetime import date
from pathlib import Path

from flows.steps import environment, run_record
from flows.steps.newsletter_delivery import send_due_editions
from flows.steps.run_record import Run


def main(config, edition, run_id):
    settings = environment.load_settings(Path(config))
    with run_record.hold_run_lock(settings):
        outcome = send_due_editions(Run(settings, run_id, "newsletter", date.fromisoformat(edition)), edition, ())
    print(json.dumps({"sent": outcome.sent, "mail": outcome.mail, "faults": outcome.faults}))


if __name__ == "__main__":
    main(*sys.argv[1:])
