"""Search over all messages: words, their beginnings, Chinese, and what nobody may learn from the index."""

import pytest
from django.utils import timezone

from regulars.inbox import indexing
from regulars.inbox.actions import answering, merging, receiving
from regulars.inbox.models import Conversation, Post, Token, Unsearched
from regulars.inbox.people import sender_of
from regulars.inbox.queries.searching import found_by
from regulars.staff.models import StaffRole, User
from regulars.staff.policy import reading_as

SAID = (
    "The glaze on my cup is chipped, can I return it?",
    "我的杯子坏了,可以退货吗?",
    "Rückgabe der Teekanne",
    "chip cookies are great; the return label is missing",
)


@pytest.fixture
def said(db):
    return [
        receiving.receive(
            cause=f"s:{number}", customer=sender_of("email", f"p{number}@example.org", "Jonas Wieck"), by="email",
            text=text, at=timezone.now(), people={"from": f"p{number}@example.org"},
        ).conversation
        for number, text in enumerate(SAID)
    ]  # fmt: skip


def find(words):
    return sorted(found_by(Conversation.objects.all(), words).values_list("pk", flat=True))


@pytest.mark.parametrize("is_indexed", [False, True])
def test_any_word_its_beginning_and_chinese_is_found(said, is_indexed):
    if is_indexed:
        assert indexing.index_noted(at_least=1) == 4
        assert Unsearched.objects.count() == 0
    english, chinese, german, other = (one.pk for one in said)
    wanted = {
        "return": [english, other],
        "retur": [english, other],
        "re cu": [english],
        "chipp": [english],
        "chip": [english, other],
        "hip": [],
        "RUCKGABE": [german],
        "杯子": [chinese],
        "退货": [chinese],
        "子坏了": [chinese],
        "坏子": [],
        "货": [chinese],
        "p2@example.org": [german],
        f"#{german}": [german],
        "nowhere": [],
        "return nowhere": [],
    }
    assert {words: find(words) for words in wanted} == wanted


def test_a_merged_inquiry_is_found_where_it_is_shown_and_what_was_taken_back_is_not(said, ben):
    indexing.index_noted(at_least=1)
    merging.merge(said[0], into=said[3], is_sure=True)
    assert find("glaze") == [said[3].pk]
    post = answering.note(said[2], author=ben, text="Zanzibar")
    assert find("zanzibar") == [said[2].pk]
    Post.objects.filter(pk=post.pk).update(deleted_at=timezone.now())
    assert find("zanzibar") == []


def test_who_does_not_see_what_people_write_cannot_search_for_it(said, ben):
    role = StaffRole.objects.create(
        key="blind", permissions=["inbox.view", "customers.view"], fields={"notes": "hidden"}
    )
    User.objects.filter(pk=ben.pk).update(role="blind", definition=role)
    with reading_as(User.objects.select_related("definition").get(pk=ben.pk)):
        assert find("glaze") == []
        assert find(str(said[0].pk)) == [said[0].pk]


def test_the_index_says_nothing_without_the_keys(said):
    indexing.index_noted(at_least=1)
    assert Token.objects.count() > 50
    assert indexing._code("=glaze", b"x" * 32) not in set(Token.objects.values_list("code", flat=True))
    assert indexing.reindex() == 4
    assert find("glaze") == [said[0].pk]
