"""What HTTP asks of a request, and uvicorn does not check: that it names one host."""

import re
from collections.abc import Sequence

_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z.%_~!$&'()*+,;=\x80-\xff-]*)(?::[0-9]*)?")


def host_fault(hosts: Sequence[bytes], version: str) -> str | None:
    """Say what is wrong with the values of a request's headers ``Host``, None if nothing is (RFC 9112, 3.2).

    There is one, and it is a host with or without a port; HTTP/1.0 may do without.
    """
    if len(hosts) > 1:
        return f"the request has {len(hosts)} Host headers, expected one"
    if not hosts:
        return "the request has no Host header" if version == "1.1" else None
    return None if _HOST.fullmatch(hosts[0]) else "the Host header is no host, with or without a port"
