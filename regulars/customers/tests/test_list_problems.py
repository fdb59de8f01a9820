"""What is wrong with a search is said, whoever asks for the list: a browser without JavaScript, or htmx."""

import pytest


@pytest.fixture
def reader(client_of, ada):
    return client_of(ada)


def test_a_search_while_typing_that_cannot_be_answered_is_answered_in_words(reader):
    answer = reader.get("/customers", {"q": "x" * 201}, headers={"HX-Request": "true"})

    assert answer.status_code == 422  # base.html lets htmx show this one; it drops other errors
    assert "A search can have 200 characters; this one has 201." in answer.content.decode()


def test_the_place_of_the_sentence_is_always_there_so_that_the_next_answer_empties_it(reader):
    page = reader.get("/customers").content.decode()

    assert '<div id="problem"></div>' in page
    assert "#problem" in page.partition('hx-select-oob="')[2].partition('"')[0]


def test_a_page_of_its_own_stays_a_bad_request(reader):
    assert reader.get("/customers", {"q": "x" * 201}).status_code == 400
    boosted = reader.get("/customers", {"q": "x" * 201}, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert boosted.status_code == 400
