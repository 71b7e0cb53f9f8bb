"""What the content team edits, checked in plain words; serving it is the assistant's."""
