"""The addresses of staff: the door, and what people set for themselves."""

from django.urls import path

from regulars.staff.views import door, profile, tokens

app_name = "staff"

urlpatterns = [
    path("sign-in", door.sign_in, name="sign-in"),
    path("sign-out", door.sign_out, name="sign-out"),
    path("look", door.look, name="look"),
    path("settings", profile.settings_home, name="settings"),
    path("settings/profile", profile.profile, name="profile"),
    path("settings/password", profile.password, name="password"),
    path("settings/people", profile.people, name="people"),
    path("settings/tokens", tokens.tokens, name="tokens"),
    path("settings/tokens/<str:public_id>/revocation", tokens.revoke, name="revoke-token"),
]
