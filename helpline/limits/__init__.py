"""What anybody may ask of the service, and how much of it at a time; what is asked others decide.

`table` holds every route with its limits, `enforcing` puts them before the routes, `connections`
does so for sockets. Nobody is shut out: who asks for much waits, and others do not.
"""
