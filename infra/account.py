"""The account that PostgreSQL runs under when root starts the stack, since PostgreSQL refuses to run as root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

ROOT = 0


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether every folder above `path` lets this account through, by the permission bits."""
        return all(self._may_pass(folder) for folder in path.resolve().parents)

    def _may_pass(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def account_for(folder: Path) -> Account | None:
    """Who is to own the data in `folder`, which exists: None (whoever starts the stack) unless that is root.

    For root it is the owner of the nearest folder that root does not own, since that is likely the person who works
    there, and else `nobody`, which every Unix has. PostgreSQL needs an account with a name.
    """
    if os.geteuid() != ROOT:
        return None
    for place in (folder, *folder.resolve().parents):
        owner = place.stat().st_uid
        if owner != ROOT and owner in {entry.pw_uid for entry in pwd.getpwall()}:
            return _account(pwd.getpwuid(owner))
    return _account(pwd.getpwnam("nobody"))


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
