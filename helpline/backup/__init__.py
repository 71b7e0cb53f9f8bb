"""Backups in two files, one of which expires soon: what is sealed, and the keys that open it."""

from helpline.backup.files import BackupRefused
from helpline.backup.making import Made, make
from helpline.backup.restoring import Restored, restore

__all__ = ["BackupRefused", "Made", "Restored", "make", "restore"]
