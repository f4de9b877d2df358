"""The certificate that stands for every host name of the venues, and the authority that signed it."""

import ssl
from collections.abc import Iterable
from pathlib import Path

import trustme


def server_context(hosts: Iterable[str], ca_file: Path) -> ssl.SSLContext:
    """A context for a server of these names; the authority's certificate is written to `ca_file`, its key nowhere."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*sorted(set(hosts)), "localhost", "127.0.0.1").configure_cert(context)
    return context
