"""Protobuf by table: known bytes, absent fields, unknown fields, damage."""

import pytest

from shipway.terraform.protocol.messages import CODEC
from shipway.terraform.protocol.wire import Codec, WireDamaged, parse_table

SMALL = Codec(
    parse_table(
        "M text:string=1 number:int=2 flag:bool=3 raw:bytes=4 one:N=5 many:*N=6 by_name:%N=7 "
        "maybe:?int=8 numbers:*int=9\nN name:string=1"
    )
)


def test_bytes_are_those_of_protobuf() -> None:
    # protoc --encode of: text "hi", number 150, flag true, one { name: "x" }
    assert SMALL.encode("M", {"text": "hi", "number": 150, "flag": True, "one": {"name": "x"}}) == (
        b"\x0a\x02hi\x10\x96\x01\x18\x01\x2a\x03\x0a\x01x"
    )


def test_what_was_encoded_is_decoded() -> None:
    values = {
        "text": "grüß", "number": -7, "flag": True, "raw": b"\x00\xff", "one": {"name": "a"},
        "many": [{"name": "b"}, {"name": ""}], "by_name": {"k": {"name": "c"}, "": {"name": "d"}},
        "maybe": 0, "numbers": [1, 0, -1],
    }  # fmt: skip
    assert SMALL.decode("M", SMALL.encode("M", values)) == values


def test_absent_fields_read_as_their_zero_and_zeros_are_not_sent() -> None:
    empty = SMALL.decode("M", b"")
    assert empty["text"] == ""
    assert empty["one"] is None
    assert empty["many"] == []
    assert empty["maybe"] is None
    assert SMALL.encode("M", {"text": "", "number": 0, "flag": False}) == b""
    assert SMALL.encode("M", {"maybe": 0}) == b"\x40\x00"


def test_unknown_fields_are_passed_over_and_packed_numbers_are_read() -> None:
    # field 15 as varint, text, fixed64 and fixed32; field 9 packed
    content = b"\x78\x05\x7a\x01z\x79" + b"\x00" * 8 + b"\x7d" + b"\x00" * 4 + b"\x4a\x02\x01\x02"
    assert SMALL.decode("M", content)["numbers"] == [1, 2]


@pytest.mark.parametrize(
    "content", [b"\x0a\x05hi", b"\x10", b"\x10" + b"\xff" * 11, b"\x0b", b"\x00\x00", b"\x08\x01"]
)
def test_damaged_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(WireDamaged):
        SMALL.decode("M", content)


def test_a_step_keeps_the_index_zero() -> None:
    path = {"steps": [{"attribute_name": "a"}, {"element_key_int": 0}]}
    decoded = CODEC.decode("AttributePath", CODEC.encode("AttributePath", path))
    assert decoded["steps"][1]["element_key_int"] == 0
    assert decoded["steps"][1]["attribute_name"] is None


def test_a_field_that_a_message_lacks_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        SMALL.encode("M", {"colour": "red"})
