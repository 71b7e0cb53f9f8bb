"""The audit of the locked packages: what was not looked at or has no answer never passes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from packaging.version import Version
from pip_audit._format import JsonFormat
from pip_audit._service import ResolvedDependency, SkippedDependency, VulnerabilityResult

from helpline.settings import ROOT
from requirements import answers, audit, locked
from requirements.advisories import NotAudited, read_report
from requirements.answers import Answer, AnswersBroken
from requirements.locked import Package

KEPT = Package("kept", "1.0", ("0" * 64,))
OLD = Package("old-one", "2.0", ("0" * 64,))
WHY = "It is about a server, and nothing here starts one of that kind."


def written(*, skipped: bool = False, vulnerable: bool = False) -> str:
    """What pip-audit itself would write of the two packages."""
    found = VulnerabilityResult.create(
        ids=["PYSEC-2024-1", "CVE-2024-0001", "GHSA-aaaa-bbbb-cccc"],
        description="A fault.",
        fix_versions=[Version("2.1")],
        published=datetime(2024, 1, 1, tzinfo=UTC),
    )
    old = ResolvedDependency("old-one", Version("2.0"))
    kept = SkippedDependency("kept", "not found") if skipped else None
    told = {
        kept or ResolvedDependency("kept", Version("1.0")): [],
        old: [found] if vulnerable else [],
    }
    return str(JsonFormat(output_desc=False, output_aliases=True).format(told, []))


def answer(**changed: object) -> Answer:
    given = {"id": "CVE-2024-0001", "package": "old_one", "version": "2.0", "why": WHY}
    return Answer.model_validate({**given, "checked": date(2026, 1, 1), **changed})


def judge(output: str, *given: Answer) -> list[str]:
    return audit.faults("bot", [KEPT, OLD], read_report(output), given)


def test_what_was_audited_and_has_no_advisory_passes():
    assert judge(written()) == []


def test_a_skipped_package_is_a_fault():
    # Given what pip-audit writes of a package it could not look up, which it does not count itself
    assert judge(written(skipped=True)) == ["bot: kept was skipped."]


def test_a_package_that_pip_audit_does_not_speak_of_is_a_fault():
    told = json.loads(written())
    told["dependencies"] = [each for each in told["dependencies"] if each["name"] != "kept"]
    assert judge(json.dumps(told)) == ["bot: kept is missing from what pip-audit says."]


def test_an_advisory_needs_an_answer_for_that_very_version():
    # Given an advisory; When nobody answers, then that is a fault
    (said,) = judge(written(vulnerable=True))
    assert said == "bot: old-one 2.0 has PYSEC-2024-1, mended in 2.1, and no answer."
    # When it is answered, by any of its names, then it is none
    for name in ("PYSEC-2024-1", "CVE-2024-0001", "GHSA-aaaa-bbbb-cccc"):
        assert judge(written(vulnerable=True), answer(id=name)) == []
    # And an answer of another version or package does not count
    for other in (answer(version="1.9"), answer(package="kept")):
        assert said in judge(written(vulnerable=True), other)


def test_an_answer_without_an_advisory_is_a_fault():
    (said,) = judge(written(), answer())
    assert said == "bot: the answer to CVE-2024-0001 of old_one has no advisory any more."


def test_an_answer_given_twice_or_of_a_version_that_is_not_locked_is_a_fault_without_any_data():
    assert answers.faults([answer()], [KEPT, OLD]) == []
    (twice,) = answers.faults([answer(), answer()], [OLD])
    assert "is given twice" in twice
    (stale,) = answers.faults([answer()], [replace(OLD, version="2.1")])
    assert "speaks of old_one 2.0, and 2.1 is locked" in stale


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "{}", '{"dependencies": [{"id": 1}]}'])
def test_what_is_no_report_is_not_audited(output):
    with pytest.raises(NotAudited):
        read_report(output)


def test_a_registry_that_answers_without_advisories_is_not_audited():
    # Given the package that has an advisory in every data set
    known = ResolvedDependency(audit.KNOWN.name, Version(audit.KNOWN.version))
    form = JsonFormat(output_desc=False, output_aliases=True)
    # When what answers knows of none, or does not know the package
    skipped = SkippedDependency(audit.KNOWN.name, "not found")
    for silent in (form.format({known: []}, []), form.format({skipped: []}, [])):
        # Then nothing was audited
        with pytest.raises(NotAudited, match="has no advisories"):
            audit.require_known(read_report(silent))
    # And where it is told, something was
    ids = ["PYSEC-2019-217", audit.KNOWN_ADVISORY]
    told = VulnerabilityResult.create(ids, "A fault.", [Version("2.10.1")], None)
    audit.require_known(read_report(form.format({known: [told]}, [])))


def test_a_run_that_cannot_reach_its_data_says_not_audited():
    # Given a network that refuses; When the audit is run
    nowhere, all_of_it = "http://127.0.0.1:9", {"NO_PROXY": "", "no_proxy": ""}
    done = subprocess.run(
        [sys.executable, "-m", "requirements.audit"],
        cwd=ROOT,
        env={**os.environ, "HTTPS_PROXY": nowhere, "https_proxy": nowhere, **all_of_it},
        capture_output=True,
        text=True,
        check=False,
    )
    # Then it says so, and ends with a code of its own
    assert done.returncode == audit.NOT_AUDITED == 3
    assert done.stderr.startswith("Not audited: ")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "text",
    [
        "[[answer]]\n",
        "[[answers]]\n",
        "answer = 1",
        "not toml",
        '[[answer]]\nid="CVE-2024-0001"\npackage="a"\nversion="1"\nwhy="no"\nchecked=2026-01-01',
    ],
)
def test_an_answer_that_says_nothing_is_refused(tmp_path, text):
    file = tmp_path / "advisories.toml"
    file.write_text(text)
    with pytest.raises(AnswersBroken, match=r"advisories\.toml"):
        answers.read(file)


def test_every_written_answer_speaks_of_what_is_locked():
    given = answers.read(answers.FILE)
    assert given
    assert answers.faults(given, locked.read(locked.FOLDER / "bot.txt")) == []


@pytest.mark.slow
def test_what_an_answer_says_is_left_out_is_not_in_a_serving_assistant():
    # Given the modules that answers rest on, and one that surely is loaded
    given = answers.read(answers.FILE)
    named = sorted({name for each in given for name in each.left_out})
    assert named
    # When the assistant is made ready to serve, as bot.server does
    done = subprocess.run(
        [ROOT / ".venvs" / "bot" / "bin" / "python", "-c", SERVING, *named, "bot.assistant"],
        cwd=ROOT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
        capture_output=True,
        text=True,
        check=True,
    )
    # Then none of the first is there, and the second is
    assert done.stdout.split() == ["bot.assistant"]


SERVING = """
import logging, sys
from pathlib import Path
from bot import models, quiet
quiet.keep_logs_free_of_words(logging.WARNING)
from bot.lean import serve_only
serve_only()
from bot.assistant import Assistant
from bot.server import make_app
shared = "x" * 32
model = models.check(Path("models") / models.name_for(Path.cwd()))
make_app(Assistant.load(model, actions_url="http://127.0.0.1:1", secret=shared), shared)
print(*[name for name in sys.argv[1:] if name in sys.modules])
"""
