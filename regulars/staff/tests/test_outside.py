"""Sign-in through the service of the house, spoken with a real one; and everything it could say wrong."""

import time
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from django.core.cache import cache
from django.test import Client
from joserfc.jwk import RSAKey

from regulars.config.environment import SignInService
from regulars.staff.actions import invite
from regulars.staff.models import OutsideIdentity, User
from regulars.staff.tests.knocking import is_in, knock
from regulars.staff.tests.oidc_provider import Provider
from regulars.timeline.models import Entry

UNBELIEVABLE = "What Harbour ID says cannot be believed."


class Stay(HTTPRedirectHandler):
    """Takes no redirect: the test carries it, as a browser would."""

    def redirect_request(self, *_asked):
        return None


@pytest.fixture
def provider(settings):
    provider = Provider()
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.OIDC = SignInService(
        issuer=provider.issuer, client_id="regulars", client_secret="s3cret&%", name="Harbour ID", role=""
    )
    cache.clear()
    yield provider
    provider.close()


def carry(address):
    """What a browser does at the service: go there, and bring back where it is sent."""
    try:
        build_opener(Stay).open(address)
    except OSError as redirect:
        return redirect.headers["Location"].removeprefix("http://testserver")
    raise AssertionError("the service did not send anybody back")


def come(client, onward=""):
    """All the way: begin, go to the service, come back."""
    begun = client.get("/sign-in/service", {"next": onward} if onward else {})
    return client.get(carry(begun.headers["Location"]))


def refused(client, sentence):
    answer = come(client)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert sentence in page
    assert not is_in(client)
    return page


def test_somebody_known_comes_in_by_the_service_and_goes_where_they_wanted(client, provider, mara):
    answer = come(client, "/customers?status=active")
    assert answer.headers["Location"] == "/customers?status=active"
    assert is_in(client)
    identity = OutsideIdentity.objects.get()
    assert (identity.user, identity.issuer, identity.subject) == (mara, provider.issuer, "248289761001")
    assert Entry.objects.get(name="sign_in.done").data["how"] == "service"


def test_the_door_has_the_button_and_the_request_holds_what_the_standard_wants(client, provider, mara):
    assert "Sign in with Harbour ID" in client.get("/sign-in").content.decode()
    begun = client.get("/sign-in/service").headers["Location"]
    asked = parse_qs(urlsplit(begun).query)
    assert begun.startswith(f"{provider.issuer}/authorize?")
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://testserver/sign-in/service/back"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_without_a_service_there_is_neither_button_nor_address(client, settings, db):
    settings.OIDC = None
    assert "sign-in/service" not in client.get("/sign-in").content.decode()
    assert client.get("/sign-in/service").status_code == 404
    assert client.get("/sign-in/service/back?code=x&state=x").status_code == 404


def test_the_next_time_the_name_of_the_service_counts_and_not_the_e_mail(client, provider, mara, ben):
    come(client)
    client.post("/sign-out")
    provider.person["email"] = ben.email
    come(client)
    assert client.session["_auth_user_id"] == str(mara.pk)
    assert OutsideIdentity.objects.count() == 1


def test_another_person_at_the_service_with_the_same_e_mail_is_not_let_in(client, provider, mara):
    come(client)
    client.post("/sign-out")
    provider.person["sub"] = "somebody-else"
    refused(client, "is linked to somebody else at Harbour ID")
    assert OutsideIdentity.objects.get().subject == "248289761001"


def test_nobody_unknown_is_let_in_where_the_shop_gives_newcomers_no_role(client, provider, db):
    refused(client, "Nobody with the e-mail mara@hainhafen.example works here.")
    assert not User.objects.exists()


def test_a_newcomer_gets_the_role_the_shop_gives_them(client, provider, settings, db):
    settings.OIDC = SignInService(provider.issuer, "regulars", "s3cret&%", "Harbour ID", "read_only")
    come(client)
    person = User.objects.get()
    assert (person.email, person.name, person.role) == ("mara@hainhafen.example", "Mara Petersen", "read_only")
    assert not person.has_usable_password()
    assert is_in(client)


def test_a_role_that_is_none_lets_nobody_in(client, provider, settings, db):
    settings.OIDC = SignInService(provider.issuer, "regulars", "s3cret&%", "Harbour ID", "captain")
    refused(client, "The shop has no role “captain”.")
    assert not User.objects.exists()


def test_somebody_invited_begins_with_the_role_of_the_invitation(client, provider, ada):
    invitation, _token = invite(by=ada, email="mara@hainhafen.example", role="agent")
    come(client)
    assert User.objects.get(email="mara@hainhafen.example").role == "agent"
    invitation.refresh_from_db()
    assert invitation.accepted_at is not None
    assert Entry.objects.filter(name="staff.invitation_accepted").count() == 1


def test_who_is_switched_off_is_not_let_in(client, provider, mara):
    mara.is_active = False
    mara.save()
    refused(client, "is not let in any more")
    assert not OutsideIdentity.objects.exists()


def test_a_second_step_of_ones_own_is_asked_for_unless_the_service_had_two(client, provider, mara):
    import pyotp

    from regulars.staff.actions.second_step import add_authenticator, new_secret

    secret = new_secret()
    add_authenticator(mara, secret=secret, code=pyotp.TOTP(secret).now(), session_key=None)
    assert come(client).headers["Location"] == "/sign-in/second-step"
    assert not is_in(client)
    provider.lies = {"amr": ["pwd", "mfa"]}
    assert come(client).headers["Location"] == "/"
    assert is_in(client)


def test_an_e_mail_that_stands_with_the_person_alone_is_asked_for(client, provider, mara):
    provider.in_id_token = False
    come(client)
    assert is_in(client)
    assert "/userinfo" in provider.asked


# ── attacks


def test_an_answer_without_a_question_is_none(client, provider, mara):
    answer = client.get("/sign-in/service/back?code=x&state=y")
    assert answer.status_code == 403
    assert "This sign-in was begun in another browser" in answer.content.decode()


def test_an_answer_is_taken_once(client, provider, mara):
    begun = client.get("/sign-in/service").headers["Location"]
    back = carry(begun)
    assert client.get(back).status_code == 302
    client.post("/sign-out")
    assert client.get(back).status_code == 403
    assert not is_in(client)


def test_the_answer_of_another_browser_is_refused(client, provider, mara):
    """Whoever sends somebody their own answer would have them work in the wrong account."""
    other = Client()
    back = carry(other.get("/sign-in/service").headers["Location"])
    client.get("/sign-in/service")
    assert client.get(back).status_code == 403
    assert not is_in(client)


def test_an_answer_that_took_too_long_is_refused(client, provider, mara):
    import time_machine

    with time_machine.travel(time.time(), tick=True) as clock:
        begun = client.get("/sign-in/service").headers["Location"]
        clock.shift(601)
        assert client.get(carry(begun)).status_code == 403
    assert not is_in(client)


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-shop"},
        {"aud": ["another-shop"]},
        {"aud": ["regulars", "another-shop"]},
        {"aud": ["regulars", "another-shop"], "azp": "another-shop"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": "an hour ago"},
        {"exp": None},
        {"iat": "two hours ago"},
        {"iat": "in two hours"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_lies_is_not_believed(client, provider, mara, lies):
    # said in words above, because the names of tests must not change with the clock
    moments = {"an hour ago": -3600, "two hours ago": -7200, "in two hours": 7200}
    provider.lies = {
        claim: int(time.time()) + moments[lie] if isinstance(lie, str) and lie in moments else lie
        for claim, lie in lies.items()
    }
    refused(client, UNBELIEVABLE)
    assert not OutsideIdentity.objects.exists()


def test_a_token_of_a_foreign_key_is_not_believed(client, provider, mara):
    provider.signer = provider.foreign
    refused(client, UNBELIEVABLE)


def test_a_token_of_a_key_that_is_not_theirs_by_name_either_is_not_believed(client, provider, mara):
    provider.signer = RSAKey.generate_key(2048, {"kid": "two"}, private=True)
    provider.header = {"alg": "RS256", "kid": "two"}
    refused(client, UNBELIEVABLE)


def test_a_token_without_a_signature_is_not_believed(client, provider, mara):
    provider.header = {"alg": "none"}
    refused(client, UNBELIEVABLE)


def test_a_token_signed_with_our_own_secret_is_not_believed(client, provider, mara):
    provider.header = {"alg": "HS256"}
    provider.describes = {"id_token_signing_alg_values_supported": ["HS256", "none", "RS256"]}
    refused(client, UNBELIEVABLE)


@pytest.mark.parametrize("verified", [False, None, "false", "yes", 1])
def test_an_e_mail_that_is_not_verified_links_nobody(client, provider, mara, verified):
    provider.person["email_verified"] = verified
    if verified is None:
        del provider.person["email_verified"]
    page = come(client).content.decode()
    assert "has not verified your e-mail" in page
    assert not is_in(client)
    assert not OutsideIdentity.objects.exists()


def test_new_keys_of_the_service_are_fetched(client, provider, mara):
    come(client)
    client.post("/sign-out")
    provider.key = provider.signer = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}, private=True)
    provider.header = {"alg": "RS256", "kid": "two"}
    come(client)
    assert is_in(client)


def test_an_answer_from_another_service_is_refused(client, provider, mara):
    back = carry(client.get("/sign-in/service").headers["Location"])
    mixed = back.replace("iss=http", "iss=https")
    assert client.get(mixed).status_code == 403
    assert not is_in(client)


def test_a_service_that_says_no_is_quoted(client, provider, mara):
    provider.refuses = "access_denied"
    refused(client, "Harbour ID did not let you in: access_denied")


def test_a_service_that_describes_another_one_is_not_used(client, provider, mara):
    provider.describes = {"issuer": "https://evil.example"}
    answer = client.get("/sign-in/service")
    assert answer.status_code == 403
    assert "is not set up as it should be" in answer.content.decode()


def test_a_service_that_does_not_answer_is_not_waited_for(client, provider, mara, monkeypatch):
    monkeypatch.setattr("regulars.staff.openid._WITHIN", 0.3)
    provider.delay = 2
    start = time.monotonic()
    answer = client.get("/sign-in/service")
    assert time.monotonic() - start < 1.5
    assert "Harbour ID does not answer." in answer.content.decode()
    assert knock(client).status_code == 302


def test_the_way_back_leads_to_no_other_house(client, provider, mara):
    assert come(client, "https://evil.example/").headers["Location"] == "/"


def test_who_has_no_password_proves_anew_through_the_service(client, provider, mara):
    import time_machine
    from django.utils import timezone

    mara.set_unusable_password()
    mara.save()
    with time_machine.travel(timezone.now(), tick=True) as clock:
        come(client)
        clock.shift(660)
        page = client.post("/settings/tokens", {"name": "Till"}).content.decode()
        assert "Sign in with Harbour ID in another tab" in page
        begun = client.get("/sign-in/service?next=/settings/security").headers["Location"]
        assert "prompt=login" in begun
        assert client.get(carry(begun)).headers["Location"] == "/settings/security"
        sent = {"prove": "send", "name": "Till", "ends": "30", "scopes": "customers.view"}
        assert "Copy it now" in client.post("/settings/tokens", sent).content.decode()


def test_somebody_else_at_the_service_proves_nothing(client, provider, mara, ben):
    knock(client)
    provider.person |= {"sub": "ben", "email": ben.email}
    come(client)
    assert client.session["_auth_user_id"] == str(mara.pk)
    page = client.get("/settings/security").content.decode()
    assert "That was somebody else" in page
