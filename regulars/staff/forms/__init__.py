"""The forms of staff's own pages."""

from regulars.staff.forms.profile import PasswordForm, ProfileForm
from regulars.staff.forms.sign_in import (
    CodeForm,
    FirstCodeForm,
    ForgottenForm,
    NewPasswordForm,
    PasskeyForm,
    SignInForm,
)
from regulars.staff.forms.tokens import TokenForm

__all__ = [
    "CodeForm",
    "FirstCodeForm",
    "ForgottenForm",
    "NewPasswordForm",
    "PasskeyForm",
    "PasswordForm",
    "ProfileForm",
    "SignInForm",
    "TokenForm",
]
