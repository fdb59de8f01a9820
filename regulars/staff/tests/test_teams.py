"""Teams: made, changed, deleted."""

import pytest

from regulars.core.errors import Invalid
from regulars.staff.actions import change_team, create_team, delete_team
from regulars.staff.models import Team, User
from regulars.timeline.models import Entry


def test_a_team_is_made_changed_and_deleted_on_its_pages(client_of, ada, ben):
    client = client_of(ada)
    client.post("/settings/people/teams", {"name": "  Harbour  desk ", "members": [ben.public_id]})
    team = Team.objects.get()
    assert (team.name, list(team.members.all())) == ("Harbour desk", [ben])
    assert " checked" in client.get(f"/settings/people/teams/{team.public_id}").content.decode()
    client.post(f"/settings/people/teams/{team.public_id}", {"name": "Quay", "members": [ada.public_id]})
    team.refresh_from_db()
    assert (team.name, list(team.members.all()), team.version) == ("Quay", [ada], 2)
    client.post(f"/settings/people/teams/{team.public_id}/deletion")
    assert not Team.objects.exists()
    told = Entry.objects.filter(name="team.changed").order_by("id")
    assert [(entry.data["deed"], entry.data["changes"]) for entry in told] == [
        ("made", {"name": ["", "Harbour desk"], "members": [[], [ben.email]]}),
        ("changed", {"name": ["Harbour desk", "Quay"], "members": [[ben.email], [ada.email]]}),
        ("deleted", {"name": ["Quay", ""], "members": [[ada.email], []]}),
    ]
    assert User.objects.count() == 2


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\0b", "harbour"])
def test_a_team_needs_a_name_of_its_own(client_of, ada, name):
    create_team(by=ada, name="Harbour")
    with pytest.raises(Invalid) as refused:
        create_team(by=ada, name=name)
    assert list(refused.value.fields) == ["name"]
    assert client_of(ada).post("/settings/people/teams", {"name": name}).status_code == 422
    assert Team.objects.count() == 1


def test_saved_as_it_is_a_team_tells_nothing(ada, ben):
    team = create_team(by=ada, name="Harbour", members=[ben])
    change_team(team, by=ada, name="Harbour", members=[ben])
    assert Entry.objects.filter(name="team.changed").count() == 1


def test_somebody_who_is_switched_off_stays_in_the_form_of_their_team(client_of, ada, ben):
    team = create_team(by=ada, name="Harbour", members=[ben])
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert "Ben Agent" in client_of(ada).get(f"/settings/people/teams/{team.public_id}").content.decode()
    assert "Ben Agent" not in client_of(ada).get("/settings/people/teams").content.decode().split("New team")[1]


def test_charlie_and_ben_change_no_team(client_of, ada, ben, charlie):
    team = create_team(by=ada, name="Harbour", members=[ben])
    for person in (ben, charlie):
        client = client_of(person)
        assert client.get("/settings/people/teams").status_code == 403
        assert client.post("/settings/people/teams", {"name": "Mine"}).status_code == 403
        sent = {"name": "Mine", "members": [person.public_id]}
        assert client.post(f"/settings/people/teams/{team.public_id}", sent).status_code == 403
        assert client.post(f"/settings/people/teams/{team.public_id}/deletion").status_code == 403
    assert (Team.objects.get().name, list(team.members.all())) == ("Harbour", [ben])


def test_a_team_that_is_gone_is_not_found(client_of, ada):
    team = create_team(by=ada, name="Harbour")
    delete_team(team, by=ada)
    assert client_of(ada).get(f"/settings/people/teams/{team.public_id}").status_code == 404


def test_the_list_of_teams_grows_without_more_queries(client_of, ada, ben, django_assert_num_queries):
    client = client_of(ada)
    create_team(by=ada, name="Team", members=[ada])
    client.get("/settings/people/teams")
    with django_assert_num_queries(5):
        client.get("/settings/people/teams")
    for place in range(3):
        create_team(by=ada, name=f"Team {place}", members=[ada, ben])
    with django_assert_num_queries(5):
        page = client.get("/settings/people/teams").content.decode()
    assert "Team 2" in page
