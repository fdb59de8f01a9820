"""How many streams a web process holds, and for how long. Without Django: the supervisor reads it, too."""

STREAMS = 160  # each waits in a thread of its own, which costs some 80 KB
LASTS = 240.0  # seconds until a stream ends by itself; the browser comes back, and is asked anew who it is
BEAT = 15.0  # seconds of silence after which a line says that the stream is still there
EVERY = 0.4  # seconds between two looks into the table, while anybody listens
