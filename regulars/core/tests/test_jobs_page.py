import pytest
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from regulars.core.background import background, queue


@background(retries=0, label="Send the card")
def send_card(*, customer_id):
    if customer_id == 0:
        raise LookupError("nobody there")


@pytest.fixture
def one_of_each(db):
    """A failed, a finished and a waiting job."""
    for customer_id in (0, 1):
        send_card.later(customer_id=customer_id)
        queue.run(queue.claim("w1"))
    send_card.later(customer_id=2)
    return {job.status: job for job in DBTaskResult.objects.all()}


def test_the_page_tells_what_runs_waits_failed_and_is_timed(client_of, ada, one_of_each):
    queue.claim("w1")
    send_card.later(customer_id=3)
    text = client_of(ada).get("/settings/jobs").content.decode()
    assert text.count("Send the card") == 4
    assert "LookupError: nobody there" in text
    assert "every day at 03:10" in text
    assert text.count("Try again") == 1


def test_the_number_of_queries_does_not_grow_with_the_jobs(client_of, ada, django_assert_num_queries):
    client = client_of(ada)
    send_card.later(customer_id=1)
    client.get("/settings/jobs")
    with django_assert_num_queries(7):
        client.get("/settings/jobs")
    for n in range(3):
        send_card.later(customer_id=n)
    with django_assert_num_queries(7):
        client.get("/settings/jobs")


def test_a_failed_job_is_tried_again(client_of, ada, one_of_each):
    job = one_of_each[Status.FAILED]
    answer = client_of(ada).post(f"/settings/jobs/{job.pk}/attempts")
    assert (answer.status_code, answer.url) == (302, "/settings/jobs")
    job.refresh_from_db()
    assert (job.status, job.lease.attempts) == (Status.READY, 0)


def test_a_waiting_job_is_stopped_by_name(client_of, ada, one_of_each):
    job = one_of_each[Status.READY]
    client_of(ada).post(f"/settings/jobs/{job.pk}/stop")
    job.refresh_from_db()
    assert (job.status, job.lease.error) == (Status.FAILED, "Stopped by Ada Owner.")


def test_a_finished_job_is_neither_stopped_nor_repeated(client_of, ada, one_of_each):
    job = one_of_each[Status.SUCCESSFUL]
    for deed in ("stop", "attempts"):
        client_of(ada).post(f"/settings/jobs/{job.pk}/{deed}")
    job.refresh_from_db()
    assert (job.status, job.lease.is_cancelled, job.lease.error) == (Status.SUCCESSFUL, False, "")


def test_who_may_only_look_gets_no_buttons_and_no_deeds(client_of, one_of_each, ben):
    ben.role = "analyst"
    ben.save()
    client = client_of(ben)
    text = client.get("/settings/jobs").content.decode()
    assert "Try again" not in text
    job = one_of_each[Status.FAILED]
    assert client.post(f"/settings/jobs/{job.pk}/attempts").status_code == 403
    job.refresh_from_db()
    assert job.status == Status.FAILED
