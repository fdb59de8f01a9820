"""What people set for themselves, and the tokens they make."""

import pytest

from regulars.staff.models import ApiToken, User
from regulars.timeline.models import Entry

OLD, NEW = "a kettle full of sencha", "the harbour is quiet at five"


@pytest.fixture
def mara(db):
    mara = User(name="Mara Petersen", email="mara@hainhafen.example", role="owner")
    mara.set_password(OLD)
    mara.save()
    return mara


def test_a_profile_is_changed_by_its_owner(client_of, mara):
    client = client_of(mara)
    sent = {"name": "  Mara  Petersen-Hain ", "language": "zh-hans", "theme": "dark", "has_single_keys": "on"}
    assert client.post("/settings/profile", sent).status_code == 302
    mara.refresh_from_db()
    assert (mara.name, mara.language, mara.theme) == ("Mara Petersen-Hain", "zh-hans", "dark")
    assert (mara.shows_keys, mara.has_single_keys) == (False, True)
    assert mara.role == "owner"


def test_a_role_cannot_be_sent_along_with_a_profile(client_of, charlie):
    client_of(charlie).post("/settings/profile", {"name": "Charlie", "role": "owner", "is_active": "on"})
    charlie.refresh_from_db()
    assert (charlie.name, charlie.role) == ("Charlie", "nobody")


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 121, "a\0b"])
def test_a_profile_needs_a_name(client_of, ada, name):
    answer = client_of(ada).post("/settings/profile", {"name": name})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    ada.refresh_from_db()
    assert ada.name == "Ada Owner"


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(client_of, client, mara):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(mara)
    here = client_of(mara)
    assert here.post("/settings/password", {"current": "wrong", "new": NEW}).status_code == 422
    assert here.post("/settings/password", {"current": OLD, "new": NEW}).status_code == 302
    mara.refresh_from_db()
    assert mara.check_password(NEW)
    assert here.get("/settings/profile").status_code == 200
    assert elsewhere.get("/settings/profile").status_code == 302
    entry = Entry.objects.get(name="password.changed")
    assert entry.actor_id == mara.pk
    assert NEW not in str(entry.data)


@pytest.mark.parametrize("weak", ["short", "password1234", "mara@hainhafen.example", "123456789012"])
def test_a_weak_password_is_refused_with_a_reason(client_of, mara, weak):
    answer = client_of(mara).post("/settings/password", {"current": OLD, "new": weak})
    assert answer.status_code == 422
    assert 'id="new_error"' in answer.content.decode()
    mara.refresh_from_db()
    assert mara.check_password(OLD)


def test_a_token_is_shown_once_and_works_within_its_scopes(client_of, ada, ben):
    client = client_of(ada)
    page = client.post(
        "/settings/tokens", {"name": "Till", "ends": "30", "scopes": ["customers.view"]}
    ).content.decode()
    plain = page.split('id="secret" tabindex="0">')[1].split("<")[0]
    token = ApiToken.objects.get()
    assert (token.user, token.scopes) == (ada, ["customers.view"])
    assert plain not in client.get("/settings/tokens").content.decode()
    answer = client.get("/api/v1/customers", headers={"Authorization": f"Bearer {plain}"})
    assert answer.status_code == 200
    client.post(f"/settings/tokens/{token.public_id}/revocation")
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert client.get("/api/v1/customers", headers={"Authorization": f"Bearer {plain}"}).status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "", "ends": "30", "scopes": ["customers.view"]},
        {"name": "Till", "ends": "30"},
        {"name": "Till", "ends": "12345", "scopes": ["customers.view"]},
        {"name": "Till", "ends": "30", "scopes": ["everything"]},
    ],
)
def test_a_token_that_cannot_be_made_says_why(client_of, ada, sent):
    answer = client_of(ada).post("/settings/tokens", sent)
    assert answer.status_code == 422
    assert 'class="err"' in answer.content.decode()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("path", ["/settings/tokens", "/settings/people", "/settings/shop", "/settings/jobs"])
def test_charlie_opens_no_settings_but_his_own(client_of, charlie, path):
    answer = client_of(charlie).get(path)
    assert answer.status_code == 403
    assert "It is for:" in answer.content.decode()
