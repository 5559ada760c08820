"""Certificates for the tests, made by openssl when they are needed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Certificate(NamedTuple):
    cert: str
    key: str


def make_certificate(folder: Path, name: str, alternatives: str = "DNS:localhost,IP:127.0.0.1") -> Certificate:
    """A self-signed certificate, which is its own authority."""
    cert, key = folder / f"{name}.cert.pem", folder / f"{name}.key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={alternatives}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return Certificate(str(cert), str(key))
