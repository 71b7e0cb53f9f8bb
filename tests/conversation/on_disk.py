"""All that a database holds, to search it for words that must not be there."""

from pathlib import Path

from sqlalchemy import Connection, text

from helpline.store import tables


async def everything(helpline, folder: Path) -> bytes:
    """The database's files in `folder`, and each value of each row of each table."""

    def rows(connection: Connection) -> bytes:
        found = []
        for table in tables.metadata.sorted_tables:
            query = text(f'SELECT * FROM "{table.name}"')  # noqa: S608 — our own names
            for row in connection.execute(query):
                found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
        return b"\n".join(found)

    def files() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(folder.glob("waymark.db*")))

    return files() + await helpline.kept(rows)
