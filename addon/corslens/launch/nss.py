"""Trust a CA in a Firefox profile, with the NSS library that Firefox brings along.

Runs as a script of its own: `python nss.py LIBRARY PROFILE CERTIFICATE`. https://firefox-source-docs.mozilla.org/security/nss/
"""

import base64
import ctypes
import ctypes.util
import os
import sys
from pathlib import Path

NAMES = ("libnss3.so", "libnss3.dylib", "nss3.dll")
NICKNAME = b"mitmproxy"

_TRUSTED_CA = 1 << 4
_VALID_CA = 1 << 3
_TRUSTED_CLIENT_CA = 1 << 7


class _Trust(ctypes.Structure):
    _fields_ = [("ssl", ctypes.c_uint), ("email", ctypes.c_uint), ("signing", ctypes.c_uint)]


class _Item(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("data", ctypes.c_char_p), ("length", ctypes.c_uint)]


def find_library(folder: Path) -> Path | None:
    """Return the library beside a Firefox, or the system's; None when there is none."""
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    system = ctypes.util.find_library("nss3")
    return Path(system) if system else None


def trust(library: str, profile: str, certificate: bytes) -> None:
    """Make a certificate (DER) a trusted CA for servers in a profile.

    Raises: OSError when that is not possible.
    """
    if sys.platform == "win32":
        os.add_dll_directory(str(Path(library).parent))
    nss = ctypes.CDLL(library)
    for name, arguments, result in (
        ("NSS_InitReadWrite", [ctypes.c_char_p], ctypes.c_int),
        (
            "CERT_NewTempCertificate",
            [ctypes.c_void_p, ctypes.POINTER(_Item), ctypes.c_char_p, ctypes.c_int, ctypes.c_int],
            ctypes.c_void_p,
        ),
        ("PK11_GetInternalKeySlot", [], ctypes.c_void_p),
        ("PK11_NeedUserInit", [ctypes.c_void_p], ctypes.c_int),
        ("PK11_InitPin", [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p], ctypes.c_int),
        (
            "PK11_ImportCert",
            [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int],
            ctypes.c_int,
        ),
        ("CERT_GetDefaultCertDB", [], ctypes.c_void_p),
        ("CERT_ChangeCertTrust", [ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_Trust)], ctypes.c_int),
        ("CERT_DestroyCertificate", [ctypes.c_void_p], None),
        ("PK11_FreeSlot", [ctypes.c_void_p], None),
        ("NSS_Shutdown", [], ctypes.c_int),
    ):
        function = getattr(nss, name, None)
        if function is None:
            raise OSError(f"the NSS library has no {name}")
        function.argtypes, function.restype = arguments, result

    def check(status: int, what: str) -> None:
        if status != 0:
            raise OSError(f"NSS could not {what}")

    check(nss.NSS_InitReadWrite(f"sql:{profile}".encode()), "open the profile")
    slot = nss.PK11_GetInternalKeySlot()
    if nss.PK11_NeedUserInit(slot):
        check(nss.PK11_InitPin(slot, None, b""), "begin the store")
    certificates = nss.CERT_GetDefaultCertDB()
    item = _Item(0, certificate, len(certificate))
    decoded = nss.CERT_NewTempCertificate(certificates, ctypes.byref(item), None, 0, 1)
    if not decoded:
        raise OSError("NSS could not read the certificate")
    check(nss.PK11_ImportCert(slot, decoded, 0, NICKNAME, 0), "import the certificate")
    trusted = _Trust(_VALID_CA | _TRUSTED_CA | _TRUSTED_CLIENT_CA, 0, 0)
    check(nss.CERT_ChangeCertTrust(certificates, decoded, ctypes.byref(trusted)), "trust the certificate")
    nss.CERT_DestroyCertificate(decoded)
    nss.PK11_FreeSlot(slot)
    check(nss.NSS_Shutdown(), "write the store")


def to_der(pem: str) -> bytes:
    """Return the first certificate of a PEM file."""
    body = pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END CERTIFICATE-----")[0]
    return base64.b64decode(body)


if __name__ == "__main__":
    try:
        trust(sys.argv[1], sys.argv[2], to_der(Path(sys.argv[3]).read_text()))
    except OSError as error:
        sys.exit(str(error))
