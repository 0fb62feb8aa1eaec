"""How many connections this process may hold open."""

SPARE = 256
"""Open files for everything else."""


def allowed(connections: int) -> int:
    """At most so many connections as the system grants, its soft limit raised where it may be."""
    try:
        import resource
    except ImportError:  # not a Unix
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE
    if soft in (resource.RLIM_INFINITY, -1) or soft >= wanted:
        return connections
    if hard in (resource.RLIM_INFINITY, -1) or hard > soft:
        raised = wanted if hard in (resource.RLIM_INFINITY, -1) else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
        except (OSError, ValueError):
            pass
    return max(1, min(connections, soft - min(SPARE, soft // 2)))
