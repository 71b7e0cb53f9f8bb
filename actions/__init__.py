"""What the assistant can do beside answering; each action rests on verified facts only."""
