"""Makes the certificates of the proxy's TLS variants anew: `python tests/proxy/certificates.py`."""

from datetime import UTC, datetime
from pathlib import Path

import trustme

FOLDER = Path(__file__).parents[2] / "features" / "proxy" / "variants" / "certificates"

LATE = datetime(2126, 1, 1, tzinfo=UTC)
EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)
HOSTS = ("127.0.0.1", "localhost")


def main() -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(FOLDER / "authority.pem"))
    _write("server", authority.issue_cert(*HOSTS, not_after=LATE))
    _write("expired", authority.issue_cert(*HOSTS, not_after=EXPIRED))
    _write("other-host", authority.issue_cert("elsewhere.example", not_after=LATE))
    _write("untrusted", stranger.issue_cert(*HOSTS, not_after=LATE))


def _write(name: str, issued: trustme.LeafCert) -> None:
    chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
    (FOLDER / f"{name}.pem").write_bytes(chain)
    issued.private_key_pem.write_to_path(str(FOLDER / f"{name}.key"))


if __name__ == "__main__":
    main()
