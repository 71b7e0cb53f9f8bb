"""What Waymark adds to Rasa: the turn channel, the carried tracker, features, the classifier."""
