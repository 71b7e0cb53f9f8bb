"""The worker's desk: its pages, their look and their routes."""
