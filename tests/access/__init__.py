"""Who gets what at which address, app by app: see ``tests/access/routes.py`` for how a line is written."""
