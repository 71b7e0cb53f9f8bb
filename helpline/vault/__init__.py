"""Keys, sealing and staff secrets; knows nothing of the database or the web."""

from helpline.vault.keys import (
    KEY_BYTES,
    Holder,
    KeyRing,
    WrapBroken,
    new_key,
    new_token,
    token_hash,
    token_key,
    unwrap,
    wrap,
)
from helpline.vault.seal import Place, SealBroken, open_sealed, seal
from helpline.vault.staff import (
    PasswordRefused,
    StaffSecret,
    cookie_hash,
    cookie_key,
    create_staff_secret,
    new_cookie,
    open_staff_secret,
)
from helpline.vault.team import TeamKey, create_team_key, open_for_team, seal_for_team

__all__ = [
    "KEY_BYTES",
    "Holder",
    "KeyRing",
    "PasswordRefused",
    "Place",
    "SealBroken",
    "StaffSecret",
    "TeamKey",
    "WrapBroken",
    "cookie_hash",
    "cookie_key",
    "create_staff_secret",
    "create_team_key",
    "new_cookie",
    "new_key",
    "new_token",
    "open_for_team",
    "open_sealed",
    "open_staff_secret",
    "seal",
    "seal_for_team",
    "token_hash",
    "token_key",
    "unwrap",
    "wrap",
]
