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
from helpline.vault.session import close_session, cookie_hash, new_cookie, open_session
from helpline.vault.staff import (
    PasswordRefused,
    StaffSecret,
    create_staff_secret,
    open_staff_secret,
    renew_staff_secret,
)
from helpline.vault.team import (
    TeamKey,
    create_team_key,
    open_for_team,
    open_recovery_copy,
    recovery_public,
    renew_team_key,
    seal_for_team,
)

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
    "close_session",
    "cookie_hash",
    "create_staff_secret",
    "create_team_key",
    "new_cookie",
    "new_key",
    "new_token",
    "open_for_team",
    "open_recovery_copy",
    "open_sealed",
    "open_session",
    "open_staff_secret",
    "recovery_public",
    "renew_staff_secret",
    "renew_team_key",
    "seal",
    "seal_for_team",
    "token_hash",
    "token_key",
    "unwrap",
    "wrap",
]
