"""Reading young people's words; knows nothing of the web, the database or Rasa."""
