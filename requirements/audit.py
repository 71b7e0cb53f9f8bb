"""Looks for known advisories of every locked package; what was not looked at never passes.

pip-audit ends with 0 when it skips a package, and when what answers has no advisories at all. So a
package with a known advisory goes along: unless that is found, nothing counts as audited.

Run as ``python -m requirements.audit``: 0 is audited, 1 a fault, 3 not audited.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from requirements import answers, locked
from requirements.advisories import NotAudited, Report, read_report
from requirements.answers import Answer, AnswersBroken
from requirements.locked import NotLocked, Package

ANSWERED: Final = "bot"
"""The one file whose advisories may be answered: what people reach is mended instead."""

KNOWN: Final = Package("jinja2", "2.10", ("0" * 64,))
KNOWN_ADVISORY: Final = "CVE-2019-10906"

FAULT, NOT_AUDITED = 1, 3
LONGEST_S: Final = 600


def ask(file: Path) -> Report:
    """Returns what pip-audit says of one locked file, asked anew. Raises NotAudited."""
    with tempfile.TemporaryDirectory() as cache:
        options = ("--disable-pip", "--require-hashes", "--format", "json", "--desc", "off")
        quiet = ("--progress-spinner", "off", "--cache-dir", cache)
        command = [sys.executable, "-m", "pip_audit", "-r", str(file), *options, *quiet]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=LONGEST_S
            )
        except subprocess.TimeoutExpired:
            raise NotAudited("pip-audit did not end.") from None
    if not done.stdout.strip():
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise NotAudited(f"pip-audit could not reach its data ({last.partition(':')[0]}).")
    return read_report(done.stdout)


def reach_data() -> None:
    """Raises NotAudited unless the advisory that every data set has is found."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "known.txt"
        file.write_text(
            f"{KNOWN.name}=={KNOWN.version} --hash=sha256:{KNOWN.hashes[0]}\n", encoding="ascii"
        )
        told = ask(file)
    require_known(told)


def require_known(told: Report) -> None:
    """Raises NotAudited unless a report on `KNOWN` holds its advisory."""
    if not any(KNOWN_ADVISORY in advisory.ids for advisory in told.advisories):
        raise NotAudited(f"What answers has no advisories: {KNOWN_ADVISORY} was not found.")


def faults(
    name: str, packages: Sequence[Package], told: Report, given: Sequence[Answer]
) -> list[str]:
    """Returns a sentence for each thing that is wrong with one locked file; `given` are the
    answers to its advisories."""
    found = [f"{name}: {one} was skipped." for one in told.skipped]
    spoken_of = told.audited | told.skipped
    found += [
        f"{name}: {each.name} is missing from what pip-audit says."
        for each in packages
        if each.name not in spoken_of
    ]
    for advisory in told.advisories:
        if not any(answer.answers(advisory) for answer in given):
            mended = f", mended in {advisory.mended}" if advisory.mended else ""
            found.append(
                f"{name}: {advisory.package} {advisory.version} has {advisory.name}{mended},"
                " and no answer."
            )
    return found + [
        f"{name}: the answer to {answer.id} of {answer.package} has no advisory any more."
        for answer in given
        if not any(answer.answers(advisory) for advisory in told.advisories)
    ]


def audit() -> list[str]:
    """Audits every locked file, with a line for each, and returns the faults.

    Raises NotAudited, NotLocked and AnswersBroken.
    """
    packages = {name: locked.read(locked.FOLDER / f"{name}.txt") for name in locked.FILES}
    given = answers.read(answers.FILE)
    found = answers.faults(given, packages[ANSWERED])
    reach_data()
    for name, inside in packages.items():
        told = ask(locked.FOLDER / f"{name}.txt")
        theirs = given if name == ANSWERED else ()
        found += faults(name, inside, told, theirs)
        print(f"{name}: {len(told.audited)} packages audited, {len(told.advisories)} advisories")
    return found


def main() -> int:
    """Audits, and says in a sentence each what is wrong."""
    try:
        found = audit()
    except NotAudited as error:
        print(f"Not audited: {error}", file=sys.stderr)
        return NOT_AUDITED
    except (NotLocked, AnswersBroken) as error:
        found = [str(error)]
    for sentence in found:
        print(sentence, file=sys.stderr)
    return FAULT if found else 0


if __name__ == "__main__":
    sys.exit(main())
