"""A capture's form is told by its first bytes, and what is none of those that are read is called by its name."""

import pytest
from corslens.inputs.kinds import NEITHER, InputKind, kind_of

KINDS = {
    b'{"log": {"entries": []}}': InputKind.HAR,
    b' \n{"version": "1.2", "entries": []}': InputKind.HAR,
    b'[{"log": {}}]': InputKind.HAR,
    b"1859:9:websocket;0:~": InputKind.FLOWS,
    b'{"type":"resource-snapshot","snapshot":{}}': InputKind.TRACE,
    b'{"constants":{"activeFieldTrialGroups":[]': InputKind.NETLOG,
    b'[{"status":"COMPLETE","method":"GET","protocolVersion":"HTTP/1.1"': InputKind.CHARLES,
    b'<?xml version="1.0"?>\n<!DOCTYPE items [\n': InputKind.BURP,
    b'<items burpVersion="2024.1">': InputKind.BURP,
}


@pytest.mark.parametrize(("head", "kind"), KINDS.items(), ids=map(repr, KINDS))
def test_kind(head: bytes, kind: InputKind) -> None:
    assert kind_of(head) is kind


OTHERS = {
    b"\x0a\x0d\x0d\x0a\x00": "packet capture",
    b"\xd4\xc3\xb2\xa1\x02\x00": "packet capture",
    b"SQLite format 3\0": "ZAP",
    b"bplist00\xd1": "Proxyman",
    b"Charles Session": "Charles",
    b"<?xml version='1.0'?><charles-session>": "Charles",
    b"<html>": "HTML page",
    b"\n<!DOCTYPE html><title>Sign in</title>": "HTML page",
    b"<session>": "XML",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a": "git lfs pull",
    b'{"traceEvents":[{"ph":"M"': "performance trace",
    b'{"info":{"_postman_id":"1"': "Postman",
    b"\x28\xb5\x2f\xfd\x00": "compressed",
}


@pytest.mark.parametrize(("head", "name"), OTHERS.items(), ids=map(repr, OTHERS))
def test_others_are_refused_by_name(head: bytes, name: str) -> None:
    refused = kind_of(head)
    assert not isinstance(refused, InputKind) and name in refused


def test_anything_else() -> None:
    assert kind_of(b"hello") == NEITHER
