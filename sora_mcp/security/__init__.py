"""Guards against untrusted URLs and text, and a wrapper that keeps keys out of logs."""
