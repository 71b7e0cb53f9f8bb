"""A number of places that are shared out fairly: when none is left, who has most gives one up.

The newcomer always gets in. So a page with the emergency numbers loads during any flood, and a
flood from one address closes its own connections, not those of others.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

LOOKED_AT: Final = 64
"""So many of the oldest are looked at for one that can be closed without harm."""


@dataclass(frozen=True, eq=False)
class Place:
    """One place: the bucket of the address that has it, what it is for, and how to take it back.

    `busy` tells whether somebody would miss it now.
    """

    bucket: int
    owner: Hashable
    give_up: Callable[[], None]
    busy: Callable[[], bool]


class Places:
    """`most` places in all, and `most_of_one` for one owner that is not None."""

    def __init__(self, most: int, most_of_one: int | None = None) -> None:
        self.most = most
        self._most_of_one = most_of_one
        self._taken = 0
        self._of_bucket: defaultdict[int, dict[Place, None]] = defaultdict(dict)
        self._of_owner: defaultdict[Hashable, dict[Place, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return self._taken

    def __iter__(self) -> Iterator[Place]:
        return (place for places in self._of_bucket.values() for place in places)

    def take(self, place: Place) -> None:
        """Takes a place. The owner who then has too many, or else the bucket that has most when all
        are taken, gives up its oldest; before that one of its newer ones that is not busy.
        """
        self._taken += 1
        self._of_bucket[place.bucket][place] = None
        if place.owner is not None:
            own = self._of_owner[place.owner]
            own[place] = None
            if self._most_of_one is not None and len(own) > self._most_of_one:
                self._give_up(next(iter(own)))
        if self._taken > self.most:
            largest = max(self._of_bucket.values(), key=len)
            oldest = [each for each in islice(largest, LOOKED_AT) if each is not place]
            idle = (each for each in oldest if not each.busy())
            self._give_up(next(idle, oldest[0] if oldest else place))

    def leave(self, place: Place) -> None:
        """Frees a place; one that was given up already stays so."""
        places = self._of_bucket.get(place.bucket, {})
        if place not in places:
            return
        self._taken -= 1
        _drop(self._of_bucket, place.bucket, place)
        if place.owner is not None:
            _drop(self._of_owner, place.owner, place)

    def _give_up(self, place: Place) -> None:
        self.leave(place)
        place.give_up()


def _drop[K: Hashable](groups: defaultdict[K, dict[Place, None]], key: K, place: Place) -> None:
    groups[key].pop(place, None)
    if not groups[key]:
        del groups[key]
