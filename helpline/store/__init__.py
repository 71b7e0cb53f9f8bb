"""Tables, the database and its queries; holds sealed bytes and never opens them."""
