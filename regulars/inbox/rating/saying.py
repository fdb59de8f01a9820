"""What somebody says of our answer, and what the shop says about asking."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean_lines
from regulars.inbox.facts import InboxSettingChanged, InquiryRated
from regulars.inbox.models import Asking, Rating
from regulars.inbox.rating import asking
from regulars.staff.policy import verb
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source

LONGEST = 2_000


@verb
def rate(rating: Rating, *, score: int, comment: str | None = None) -> Rating:
    """Keep what they say; said again it is changed, and told anew only where the score is another. Raises Invalid."""
    if not 1 <= score <= 5:
        sentence = _("Choose one to five.")
        raise Invalid(sentence, fields={"score": [sentence]})
    current = (
        Rating.objects.select_for_update(of=("self",)).select_related("conversation", "customer").get(pk=rating.pk)
    )
    before = current.score
    current.score, current.rated_at = score, timezone.now()
    if comment is not None:
        try:
            current.comment = clean_lines(comment, limit=LONGEST)
        except BadText as problem:
            raise Invalid(str(problem), fields={"comment": [str(problem)]}) from problem
    current.version += 1
    current.save()
    if score != before:
        fact = InquiryRated(conversation=current.conversation.public_id, score=score)
        with acting(None, Source.PAGE):  # it is the customer's word, whoever else is signed in at this browser
            record(fact, customer=current.customer, subject=current.conversation)
    return current


@verb
def change(*, is_on: bool, after_hours: int) -> Asking:
    """Say whether customers are asked, and how long after. Raises Invalid."""
    if not 0 <= after_hours <= 240:
        sentence = _("Choose 0 to 240 hours.")
        raise Invalid(sentence, fields={"after_hours": [sentence]})
    rules = asking.current()
    if (rules.is_on, rules.after_hours) != (is_on, after_hours) or rules._state.adding:
        rules.is_on, rules.after_hours = is_on, after_hours
        rules.save()
        record(InboxSettingChanged(what="rating", called="on" if is_on else "off"), subject=rules)
    return rules
