"""One program for each client. It runs in the client's environment, uses the server as its users do, and prints what it saw as JSON."""
