"""Pages that know all rooms: today, the finder, the shop's settings, and what is said when something goes wrong."""
