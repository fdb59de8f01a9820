"""How tests come to the door."""

PASSWORD = "a kettle full of sencha"


def knock(client, email="mara@hainhafen.example", password=PASSWORD, address="10.0.0.1", **more):
    return client.post("/sign-in", {"email": email, "password": password, **more}, REMOTE_ADDR=address)


def is_in(client):
    return "_auth_user_id" in client.session
