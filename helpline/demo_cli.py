"""Prints the demo's logins as JSON for `waymark up`, in a process of its own: it stays small."""

import json
import sys
from dataclasses import asdict

from helpline.demo import prepare
from helpline.settings import Settings

if __name__ == "__main__":
    json.dump([asdict(login) for login in prepare(Settings.load())], sys.stdout)
