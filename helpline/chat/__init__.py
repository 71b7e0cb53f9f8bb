"""The young person's page: its routes, templates and static files."""
