"""What happened on a page, in numbers and times alone: for finding out why a promise was broken."""

from collections.abc import Iterator

from tests.faults.record import STATE, Page, Record


def timeline(page: Page, record: Record) -> Iterator[str]:
    """Lines in the order of time, in seconds since the run began; no word that was written."""
    happened: list[tuple[float, str]] = [(record.over_at, "all faults are over")]
    for sent in page.sent:
        kind = "danger" if sent.danger else "tap" if sent.tapped else "message"
        happened.append((sent.at, f"sends {kind} {sent.number or 'never acknowledged'}"))
        if sent.acked_at is not None:
            happened.append((sent.acked_at, f"{sent.number} acknowledged"))
    for number, event in page.seen.items():
        what = f"state {event.text}" if event.sender == STATE else event.sender
        happened.append((page.seen_at[number], f"sees {number} {what}"))
    for stream in page.streams:
        happened.append((stream.opened_at, f"stream opens after {stream.after}"))
        if stream.closed_at is not None:
            happened.append((stream.closed_at, "stream closes"))
    for hold in record.holds:
        if hold.conversation == page.conversation:
            happened.append((hold.begins, f"{hold.worker} takes it"))
            if hold.ends is not None:
                happened.append((hold.ends, f"{hold.worker} lets it go"))
    if page.left_at is not None:
        happened.append((page.left_at, "leaves"))
    for at, what in sorted(happened):
        yield f"  {page.name} {at - record.began_at:7.1f} {what}"
