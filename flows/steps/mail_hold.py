"""What was mailed after a backup is on no record: what may have been sent is *unknown*, until a person settles it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from flows.steps import environment
from flows.steps.newsletter_plan import make_message_ids
from storage.people import deliveries, delivery_queue, mail_hold
from storage.people.database import People
from storage.people.deliveries import DeliveryState
from yibao import dates
from yibao.newsletter import due
from yibao.settings import Newsletter


def hold_restored_mail(people: People, newsletter: Newsletter, backed_up_at: datetime, mail_from: date) -> int:
    """Send no edition by itself that appeared before `mail_from`; returns how many messages are *unknown* now.

    These are the messages that were under way, and one for each subscriber and each edition that appeared since the
    backup. Older editions, and letters that waited, are not sent any more.
    """
    words = f"restored from the backup of {backed_up_at:%Y-%m-%d %H:%M} UTC: it may have been sent since"
    at = environment.now()
    count = mail_hold.hold_mail(people, dates.find_eastern_midnight(mail_from), at, words)
    for key in _list_editions(dates.find_eastern_date(backed_up_at), mail_from, newsletter.max_age_days):
        frequency = "weekly" if "W" in key else "daily"
        for portion in delivery_queue.iterate_unserved(people, key, frequency, None):
            message_ids = make_message_ids(newsletter.sender, key, portion)
            deliveries.open_deliveries(people, key, message_ids, at, DeliveryState.UNKNOWN, words)
            count += len(portion)
    return count


def _list_editions(first: date, mail_from: date, max_age_days: int) -> Iterator[str]:
    """List the editions that may have been mailed from a date on: those that appeared before `mail_from`."""
    first = max(first, mail_from - timedelta(days=max_age_days + 1))
    days = [first + timedelta(days=number) for number in range((mail_from - first).days)]
    yield from (day.isoformat() for day in days if dates.is_announcement_day(day))
    for week in dict.fromkeys(map(dates.format_week, days)):
        if due.find_appearance_date(week) < mail_from:
            yield week
