"""Side-by-side measurements of stock Rasa and Waymark; what they measure is left to each."""
