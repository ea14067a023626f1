"""Several replicas behind a real balancer."""
