"""Pages as a browser sees them: nothing in the console, under the strict content policy, with and without scripts."""

import pytest

pytestmark = pytest.mark.browser


def test_the_sign_in_page_is_whole(visit):
    page = visit("/sign-in")
    assert page.complaints == []
    assert page.locator("input[type=password]").is_visible()
