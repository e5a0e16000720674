"""What a mail says around its papers, in Chinese and in English. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate

from yibao.catalogues import load_texts
from yibao.categories import Category
from yibao.edition_summaries import describe_gaps
from yibao.newsletter.topics import Topic, TopicKind
from yibao.records import Edition, Frequency, Subscription

#: Topics that the foot of a mail names of each kind.
_MOST_TOPICS = 6
_WEEKDAYS = "一二三四五六日"
_KINDS = {TopicKind.CATEGORY: "分类", TopicKind.KEYWORD: "关键词", TopicKind.AUTHOR: "作者"}
_HEADINGS = {"leads": "头条", "named": "您关注的", "translated": "译文", "replaced": "更新版本"}
_ENGLISH_HEADINGS = {
    "leads": "Leads",
    "named": "Your keywords and authors",
    "translated": "Translated",
    "replaced": "New versions",
}


class Chinese:
    """Simplified Chinese."""

    language = "zh-Hans"
    read_on, web, preferences, leave, contents = "阅读全文", "网页版", "更改订阅", "退订", "本期目录"
    colon = "："
    withdrawn, orphaned, waiting = "本文已撤回。", "arXiv 上查无此编号。", "尚待 arXiv 的元数据。"
    reply = "有问题请直接回复本邮件。"

    def name_day(self, day: date) -> str:
        """Write `1月17日`."""
        return f"{day.month}月{day.day}日"

    def name_edition(self, edition: Edition) -> str:
        """Write `1月17日` or `2025 年第 3 周`."""
        year, week, _ = edition.starts_on.isocalendar()
        return f"{year} 年第 {week} 周" if edition.is_weekly else self.name_day(edition.starts_on)

    def describe_date(self, edition: Edition) -> str:
        """Write `2025年1月17日 星期五` or `2025 年第 3 周 · 1月13日至19日`."""
        first, last = edition.starts_on, edition.ends_on
        if not edition.is_weekly:
            return f"{first.year}年{self.name_day(first)} 星期{_WEEKDAYS[first.weekday()]}"
        end = f"{last.day}日" if first.month == last.month else self.name_day(last)
        return f"{self.name_edition(edition)} · {self.name_day(first)}至{end}"

    def describe_counts(self, papers: int, translated: int) -> str:
        """Say how many papers there are, and how many of them are translated."""
        if not translated:
            return f"论文 {papers} 篇"
        return f"译文 {papers} 篇" if translated == papers else f"论文 {papers} 篇，其中译文 {translated} 篇"

    def write_subject(self, title: str, edition: Edition, lead: str, papers: int) -> str:
        """Write `译报 1月17日：《…》等 32 篇`."""
        return f"{title} {self.name_edition(edition)}：《{lead}》{f'等 {papers} 篇' if papers > 1 else ''}"

    def write_empty_subject(self, title: str, edition: Edition) -> str:
        """Write `译报 1月17日：没有符合条件的论文`."""
        return f"{title} {self.name_edition(edition)}：没有符合您条件的论文"

    def quote_title(self, title: str) -> str:
        """Write `《…》`."""
        return f"《{title}》"

    def write_preheader(self, titles: Sequence[str]) -> str:
        """Write the next titles."""
        return "另有" + "".join(self.quote_title(title) for title in titles) if titles else ""

    def find_heading(self, name: str) -> str:
        """Find `头条` and the like."""
        return _HEADINGS.get(name, name)

    def name_category(self, category: Category | None) -> str:
        """Find what a category is called."""
        return category.name_zh if category else ""

    def count_papers(self, papers: int) -> str:
        """Write `32 篇`."""
        return f"{papers} 篇"

    def count_more(self, papers: int) -> str:
        """Write `另有 20 篇，见网页版`."""
        return f"另有 {papers} 篇，见网页版"

    def count_others_on_web(self, papers: int) -> str:
        """Write `其他分类另有 20 篇，见网页版`."""
        return f"其他分类另有 {papers} 篇，见网页版"

    def count_others(self, shown: int, authors: int) -> str:
        """Write `等 9 人`."""
        return f" 等 {authors} 人" if authors > shown else ""

    def credit(self, translator: str) -> str:
        """Write `译者：王小明`."""
        return f"译者：{translator}"

    def describe_stale(self, version: int | None) -> str:
        """Say that arXiv's text has changed since it was translated."""
        return f"译文依据{f' v{version}' if version else '较早的文本'}，此后 arXiv 上的标题或摘要有改动。"

    def explain_reasons(self, topics: Iterable[Topic]) -> str:
        """Write `您关注：cs.CL、关键词 agent、作者 Kaiming He`."""
        named = (
            topic.text if topic.kind is TopicKind.CATEGORY else f"{_KINDS[topic.kind]} {topic.text}" for topic in topics
        )
        return f"您关注：{'、'.join(named)}"

    def describe_gaps(self, notes: Iterable[str]) -> str:
        """Say which lists are not complete, and what that means."""
        return f"{describe_gaps(notes, load_texts('zh-Hans'))}补齐后网页版会更新。"

    def describe_delay(self, edition: Edition, sent_on: date) -> str:
        """Say that an edition is late."""
        year = "" if sent_on.year == edition.ends_on.year else f"{sent_on.year}年"
        return f"本期迟到了：{self.name_edition(edition)}的内容，{year}{self.name_day(sent_on)}才寄出。"

    def explain_emptiness(self, edition: Edition, papers: int, holiday: str | None) -> str:
        """Say why there is nothing in a mail."""
        when = self.name_edition(edition)
        if papers:
            return f"{when}的 {papers} 篇论文中，没有一篇符合您的订阅条件。"
        if edition.notes:
            return f"{when}没有收到论文，原因在 arXiv 或通往 arXiv 的路上，不一定是没有新论文。"
        if holiday:
            return f"{when}没有新论文：arXiv 因假日（{holiday}）不公布。"
        if not edition.is_weekly and edition.starts_on.isoweekday() > 5:  # noqa: PLR2004
            return f"{when}没有新论文：arXiv 周末不公布。"
        return f"{when}，arXiv 在这些分类里没有公布新论文。"

    def describe_subscription(self, subscription: Subscription, title: str) -> str:
        """Say why somebody gets this."""
        often = "周刊" if subscription.frequency is Frequency.WEEKLY else "日报"
        asked = [
            f"{_KINDS[kind]} {'、'.join(texts[:_MOST_TOPICS])}"
            + (f" 等 {len(texts)} 个" if len(texts) > _MOST_TOPICS else "")
            for kind, texts in _group_topics(subscription)
        ]
        return f"您订阅了{title}{often}，{'；'.join(asked) if asked else '全部论文'}。"


class English:
    """English."""

    language = "en"
    read_on, web, preferences, leave, contents = "Read on", "Web edition", "Preferences", "Unsubscribe", "In this issue"
    colon = ": "
    withdrawn, orphaned = "This paper has been withdrawn.", "arXiv has no paper with this identifier."
    waiting = "Metadata from arXiv is still to come."
    reply = "Questions? Just reply to this message."

    def name_day(self, day: date) -> str:
        """Write `17 January`."""
        return f"{day.day} {day:%B}"

    def name_edition(self, edition: Edition) -> str:
        """Write `17 January` or `week 3 of 2025`."""
        year, week, _ = edition.starts_on.isocalendar()
        return f"week {week} of {year}" if edition.is_weekly else self.name_day(edition.starts_on)

    def describe_date(self, edition: Edition) -> str:
        """Write `Friday, 17 January 2025` or `Week 3 of 2025 · 13–19 January`."""
        first, last = edition.starts_on, edition.ends_on
        if not edition.is_weekly:
            return f"{first:%A}, {self.name_day(first)} {first.year}"
        begin = str(first.day) if first.month == last.month else self.name_day(first)
        dash = "–" if first.month == last.month else " – "
        return f"{self.name_edition(edition).capitalize()} · {begin}{dash}{self.name_day(last)}"

    def describe_counts(self, papers: int, translated: int) -> str:
        """Say how many papers there are, and how many of them are translated."""
        if not translated:
            return self.count_papers(papers)
        which = "all" if translated == papers else str(translated)
        return f"{self.count_papers(papers)}, {which} with a Chinese translation"

    def write_subject(self, title: str, edition: Edition, lead: str, papers: int) -> str:
        """Write `译报, 17 January: … and 31 more`."""
        more = f" and {papers - 1} more" if papers > 1 else ""
        return f"{title}, {self.name_edition(edition)}: {lead}{more}"

    def write_empty_subject(self, title: str, edition: Edition) -> str:
        """Write `译报, 17 January: nothing on your topics`."""
        return f"{title}, {self.name_edition(edition)}: nothing on your topics"

    def quote_title(self, title: str) -> str:
        """Write `“…”`."""
        return f"“{title}”"

    def write_preheader(self, titles: Sequence[str]) -> str:
        """Write the next titles."""
        return "Also: " + "; ".join(titles) if titles else ""

    def find_heading(self, name: str) -> str:
        """Find `Leads` and the like."""
        return _ENGLISH_HEADINGS.get(name, name)

    def name_category(self, category: Category | None) -> str:
        """Find what a category is called."""
        return category.name_en if category else ""

    def count_papers(self, papers: int) -> str:
        """Write `32 papers`."""
        return f"{papers} paper{'' if papers == 1 else 's'}"

    def count_more(self, papers: int) -> str:
        """Write `20 more in the web edition`."""
        return f"{papers} more in the web edition"

    def count_others_on_web(self, papers: int) -> str:
        """Write `20 more of other categories in the web edition`."""
        return f"{papers} more of other categories in the web edition"

    def count_others(self, shown: int, authors: int) -> str:
        """Write `and 6 others`."""
        others = authors - shown
        return f" and {others} other{'' if others == 1 else 's'}" if others > 0 else ""

    def credit(self, translator: str) -> str:
        """Write `Chinese by 王小明`."""
        return f"Chinese by {translator}"

    def describe_stale(self, version: int | None) -> str:
        """Say that arXiv's text has changed since it was translated."""
        return f"Translated from {f'v{version}' if version else 'an earlier text'}; arXiv's has changed since."

    def explain_reasons(self, topics: Iterable[Topic]) -> str:
        """Write `You follow: cs.CL, keyword agent, author Kaiming He`."""
        named = (topic.text if topic.kind is TopicKind.CATEGORY else f"{topic.kind} {topic.text}" for topic in topics)
        return f"You follow: {', '.join(named)}"

    def describe_gaps(self, notes: Iterable[str]) -> str:
        """Say which lists are not complete, and what that means."""
        return f"{describe_gaps(notes, load_texts('en'))} The web edition will be completed when they arrive."

    def describe_delay(self, edition: Edition, sent_on: date) -> str:
        """Say that an edition is late."""
        year = "" if sent_on.year == edition.ends_on.year else f" {sent_on.year}"
        return (
            f"This issue is late: it is that of {self.name_edition(edition)}, sent on {self.name_day(sent_on)}{year}."
        )

    def explain_emptiness(self, edition: Edition, papers: int, holiday: str | None) -> str:
        """Say why there is nothing in a mail."""
        when = self.name_edition(edition)
        if papers:
            return f"None of the {self.count_papers(papers)} of {when} is on one of your topics."
        if edition.notes:
            return f"No papers reached us for {when}: arXiv, or the way to it, was in trouble. There may be new papers."
        if holiday:
            return f"There are no new papers for {when}: arXiv announces none on a holiday ({holiday})."
        if not edition.is_weekly and edition.starts_on.isoweekday() > 5:  # noqa: PLR2004
            return f"There are no new papers for {when}: arXiv announces none at the weekend."
        return f"ArXiv announced no new papers in these categories for {when}."

    def describe_subscription(self, subscription: Subscription, title: str) -> str:
        """Say why somebody gets this."""
        asked = [
            f"{kind} {', '.join(texts[:_MOST_TOPICS])}"
            + (f" and {len(texts) - _MOST_TOPICS} more" if len(texts) > _MOST_TOPICS else "")
            for kind, texts in _group_topics(subscription)
        ]
        return f"You subscribed to {title}, {subscription.frequency}: {'; '.join(asked) if asked else 'all papers'}."


#: The words of one language.
Wording = Chinese | English


def count_columns(text: str) -> int:
    """Count the columns of a line of text, of which a Chinese sign takes two."""
    return sum(_measure_sign(sign) for sign in text)


def shorten_to_columns(text: str, columns: int) -> str:
    """Shorten a line to so many columns, between words of Latin script and never within a sign, with an ellipsis."""
    if count_columns(text) <= columns:
        return text
    widths = list(accumulate(map(_measure_sign, text)))
    end = sum(width < columns for width in widths)
    while end and _is_joined(text[end - 1], text[end]):
        end -= 1
    return f"{text[:end].rstrip(' ,;:，；：、')}…"


def _measure_sign(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 1 + (unicodedata.east_asian_width(sign) in "WF")


def _is_joined(before: str, behind: str) -> bool:
    """Check whether a line must not be cut between two signs."""
    is_word = before.isalnum() and behind.isalnum() and before < "\u2e80" and behind < "\u2e80"
    return is_word or bool(unicodedata.combining(behind)) or "\u200d" in (before, behind) or behind == "\ufe0f"


def _group_topics(subscription: Subscription) -> list[tuple[TopicKind, tuple[str, ...]]]:
    kinds = (
        (TopicKind.CATEGORY, subscription.categories),
        (TopicKind.KEYWORD, subscription.keywords),
        (TopicKind.AUTHOR, subscription.authors),
    )
    return [(kind, texts) for kind, texts in kinds if texts]
