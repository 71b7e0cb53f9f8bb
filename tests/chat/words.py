"""What is said around the end of a chat, as a fresh installation says it."""

from helpline.chat.render import After
from helpline.conversation.after import AfterWords
from helpline.settings import Settings
from tests.conftest import ROOT

AFTER = After.of(AfterWords.load(ROOT / "data" / "service" / "after.yml"), Settings())
