"""The locked packages: how they are installed, audited and listed; nothing here runs in service."""
