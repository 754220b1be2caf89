"""An identity provider on the loopback interface, over https as prod demands, and the tokens that it signs."""

import base64
import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

AUDIENCE = "sleep-app"
KEY_ID = "k1"


def _segment(document: Mapping[str, Any] | bytes) -> str:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An identity provider on the loopback interface.

    Attributes:
        url: Its https address.
        key: What it signs with.
        asked: Paths that were asked for.
    """

    url: str
    key: rsa.RSAPrivateKey
    asked: list[str]

    def token(self, *, key: rsa.RSAPrivateKey | None = None, **claims: Any) -> str:
        """Return a token for an hour, with any claim changed, and signed by another key if one is given."""
        now = int(time.time())
        body = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now - 1, "exp": now + 3600, **claims}
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        signed = f"{_segment(head)}.{_segment(body)}"
        signature = (key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_segment(signature)}"


def new_key() -> rsa.RSAPrivateKey:
    """Return a key for signing."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def _certificate(folder: Path, key: rsa.RSAPrivateKey) -> tuple[Path, Path]:
    """Write a certificate for the loopback address and its key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "issuer.pem", folder / "issuer.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


@contextmanager
def serving_issuer(folder: Path) -> Iterator[tuple[Issuer, Path]]:
    """Serve discovery document and keys over https; the second value is the certificate to trust."""
    key = new_key()
    certificate, private = _certificate(folder, new_key())
    asked: list[str] = []
    documents: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            known = self.path in documents
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(documents.get(self.path, {})).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://127.0.0.1:{server.server_port}"
    public = key.public_key().public_numbers()
    documents["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
    documents["/keys"] = {
        "keys": [
            {
                "kty": "RSA",
                "kid": KEY_ID,
                "alg": "RS256",
                "use": "sig",
                "n": _segment(public.n.to_bytes(256, "big")),
                "e": _segment(public.e.to_bytes(3, "big")),
            }
        ]
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Issuer(url=url, key=key, asked=asked), certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
