"""What is written from the code: the README's blocks and server.json."""
