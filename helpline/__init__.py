"""The service people reach: the young person's chat, the worker's desk and what keeps them safe."""
