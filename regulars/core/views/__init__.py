"""Pages of the kit itself. config/urls.py gives them their addresses and states who may open them."""
