"""Subscribing by mail on pages: what each request changes, and what it says."""

import html as markup
import re
from datetime import UTC

import pytest

from storage.people import subscribers
from storage.people.schema import CONSENT, LETTER, REQUEST
from storage.people.subscribers import SubscriberState
from tests.mail_pages import FORM, ONE_CLICK, START, URL, MailSite, links_of, title_of
from yibao.newsletter.links import make_link
from yibao.newsletter.tokens import Purpose
from yibao.records import Frequency, Language, Subscription
from yibao.settings import Site
from yibao.site.subscription_pages import describe_subscription


@pytest.fixture
def site(tmp_path):
    made = MailSite(tmp_path)
    yield made
    made.people.dispose()


def test_a_person_subscribes_confirms_changes_leaves_and_comes_back(site):
    subscriber = site.subscribe()
    assert subscriber.state is SubscriberState.ACTIVE
    assert subscriber.subscription == Subscription(Frequency.WEEKLY, Language.BOTH, ("cs.CL",))

    preferences = make_link(URL, site.people.secret, Purpose.PREFERENCES, subscriber.token_id)
    page = site.get(preferences)
    assert re.search(r'value="weekly" checked', page.text)
    assert re.search(r'value="cs.CL" checked', page.text)
    saved = site.post(preferences, {"frequency": "daily", "keywords": "智能体\nagents", "action": "save"})
    assert "已保存" in saved.text
    assert site.find().subscription == Subscription(keywords=("智能体", "agents"))

    leave = make_link(URL, site.people.secret, Purpose.LEAVE, subscriber.token_id)
    assert title_of(site.get(leave)) == "退订"
    assert site.find().state is SubscriberState.ACTIVE
    assert title_of(site.post(leave, ONE_CLICK)) == "已经退订"
    assert site.find().state is SubscriberState.LEFT
    assert title_of(site.post(leave, ONE_CLICK)) == "现在没有订阅"
    assert title_of(site.get(preferences)) == "现在没有订阅"

    site.wait(hours=1)
    assert site.subscribe(frequency="daily").state is SubscriberState.ACTIVE


def test_nobody_is_subscribed_before_the_button_of_the_letters_page_is_pressed(site):
    site.sign_up()
    link = site.link()
    for _ in range(3):
        page = site.get(link)
        assert (title_of(page), "reader@example.org" in page.text) == ("确认订阅", True)
    assert site.find() is None


def test_the_proof_of_consent_says_when_and_from_where_it_was_asked_and_confirmed(site):
    site.sign_up(client="192.0.2.7")
    link = site.link()
    site.wait(hours=3)
    site.post(link, client="2001:db8::9")
    rows = {row["kind"]: row for row in site.rows(CONSENT)}
    assert set(rows) == {"asked", "confirmed"}
    assert (rows["asked"]["network"], rows["confirmed"]["network"]) == ("192.0.2.7", "2001:db8::9")
    assert [rows[kind]["at"].replace(tzinfo=UTC) for kind in ("asked", "confirmed")] == [START, site.at]
    assert rows["confirmed"]["details"]["categories"] == ["cs.CL"]


def test_a_confirmation_works_once_and_never_brings_back_who_left(site):
    subscriber = site.subscribe()
    link = links_of(site.letters()[0], "confirm")[0]
    assert title_of(site.post(link)) == title_of(site.get(link)) == "这个链接已经用过"
    site.post(make_link(URL, site.people.secret, Purpose.LEAVE, subscriber.token_id), ONE_CLICK)
    assert title_of(site.post(link)) == "这个链接已经用过"
    assert site.find().state is SubscriberState.LEFT


def test_a_letter_from_before_leaving_does_not_subscribe_after_it(site):
    site.sign_up()
    first = site.link()
    site.wait(minutes=20)
    subscriber = site.subscribe()
    site.wait(minutes=1)
    site.post(make_link(URL, site.people.secret, Purpose.LEAVE, subscriber.token_id), ONE_CLICK)
    assert title_of(site.post(first)) == "链接已过期"
    assert site.find().state is SubscriberState.LEFT


def test_a_confirmation_expires_after_three_days_with_all_that_was_asked(site):
    site.sign_up()
    link = site.link()
    site.wait(days=3, seconds=1)
    for answer in (site.get(link), site.post(link)):
        assert (answer.status_code, title_of(answer)) == (410, "链接已过期")
    site.send_letters()
    assert (site.find(), site.rows(REQUEST), site.rows(LETTER)) == (None, [], [])


def test_a_link_of_erased_data_says_so(site):
    for purpose in (Purpose.PREFERENCES, Purpose.LEAVE):
        answer = site.get(make_link(URL, site.people.secret, purpose, "nobody"))
        assert (answer.status_code, title_of(answer)) == (410, "资料已删除")
    answer = site.get(make_link(URL, site.people.secret, Purpose.CONFIRM, "nothing"))
    assert (answer.status_code, title_of(answer)) == (410, "链接已过期")


def test_who_asks_gets_their_links_and_nobody_else_does(site):
    subscriber = site.subscribe()
    site.wait(hours=1)
    for email in ("reader@example.org", "stranger@example.org"):
        assert title_of(site.post("/subscribe/link", {"email": email})) == "请查收邮件"
    site.send_letters()
    assert [letter["To"] for letter in site.letters()] == ["reader@example.org"] * 2
    page = site.get(links_of(site.letters()[-1], "preferences")[0])
    assert ("更改邮件订阅" in page.text, "reader@" in page.text) == (True, False)
    assert title_of(site.post(links_of(site.letters()[-1], "leave")[0], ONE_CLICK)) == "已经退订"
    assert site.find().subscriber_id == subscriber.subscriber_id


def test_a_form_with_faults_says_them_beside_the_fields_and_keeps_what_was_typed(site):
    typed = {**FORM, "email": '"><script>@', "keywords": "智能体\n/x/", "authors": "Kaiming He", "timezone": "Mars"}
    answer = site.post("/subscribe/", typed)
    assert answer.status_code == 422
    for words in ('id="email-fault"', 'id="keywords-fault"', 'id="timezone-fault"', "Kaiming He", "智能体\n/x/"):
        assert words in answer.text
    assert markup.escape(typed["email"]) in answer.text.replace("&#34;", "&quot;")
    assert "<script" not in answer.text
    assert site.rows(REQUEST) == []


def test_saving_preferences_with_faults_saves_nothing(site):
    subscriber = site.subscribe()
    preferences = make_link(URL, site.people.secret, Purpose.PREFERENCES, subscriber.token_id)
    answer = site.post(preferences, {"frequency": "hourly", "action": "save"})
    assert (answer.status_code, "尚未保存" in answer.text) == (422, True)
    assert site.find().subscription == subscriber.subscription


def test_the_button_on_the_preferences_page_leaves(site):
    subscriber = site.subscribe()
    preferences = make_link(URL, site.people.secret, Purpose.PREFERENCES, subscriber.token_id)
    assert title_of(site.post(preferences, {"action": "leave"})) == "已经退订"
    assert site.find().state is SubscriberState.LEFT


def test_preferences_keep_a_zone_and_a_category_that_the_form_does_not_offer(site):
    asked = Subscription(categories=("hep-th",), timezone="Asia/Urumqi")
    subscribers.add_subscriber(site.people, "far@example.org", asked, site.at)
    link = make_link(URL, site.people.secret, Purpose.PREFERENCES, site.find("far@example.org").token_id)
    page = site.get(link)
    assert 'value="hep-th" checked' in page.text
    site.post(link, {"categories": "hep-th", "timezone": "Asia/Urumqi", "wants_empty": "yes", "action": "save"})
    assert site.find("far@example.org").subscription == Subscription(
        categories=("hep-th",), timezone="Asia/Urumqi", wants_empty=True
    )


def test_without_a_way_to_send_the_form_is_closed_and_links_in_old_mail_still_work(tmp_path):
    for number, settings in enumerate(({"outbox": None}, {"signup": False})):
        site = MailSite(tmp_path / str(number), **settings)
        for answer in (site.get("/subscribe/"), site.post("/subscribe/", FORM), site.post("/subscribe/link", FORM)):
            assert (answer.status_code, title_of(answer)) == (404, "不开放邮件订阅")
        assert 'href="../subscribe/"' not in site.get("/subscribe/").text
        subscribers.add_subscriber(site.people, "old@example.org", Subscription(), site.at)
        token_id = site.find("old@example.org").token_id
        for purpose, title in ((Purpose.PREFERENCES, "更改邮件订阅"), (Purpose.LEAVE, "退订")):
            assert title_of(site.get(make_link(URL, site.people.secret, purpose, token_id))) == title


@pytest.mark.parametrize(
    "path", ["/subscribe/x", "/subscribe/confirm", "/subscribe/confirm/", "/subscribe/link/x", "/subscribe/leave/a/b"]
)
def test_no_other_address_is_a_page(site, path):
    for answer in (site.get(path), site.post(path)):
        assert (answer.status_code, title_of(answer)) == (404, "页面不存在")


def test_the_letter_is_sent_for_after_the_answer_and_not_for_a_fault(site):
    site.sign_up()
    assert (site.woken, site.letters()) == (1, [])
    site.post("/subscribe/", {"email": "x"})
    site.get("/subscribe/")
    assert site.woken == 1


def test_what_was_asked_for_is_described_in_a_line():
    assert describe_subscription(Subscription(), Site()) == "每日 daily · 中文 Chinese · 全部论文 every paper"
    asked = Subscription(Frequency.WEEKLY, Language.BOTH, ("cs.CL",), ("智能体",), ("Kaiming He",))
    line = describe_subscription(asked, Site())
    assert line == "每周 weekly · 中英对照 both languages · cs.CL 计算与语言、智能体、Kaiming He"
