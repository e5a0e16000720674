"""A picture of a mail by the Chromium of this machine."""

import shutil
import struct

import pytest

from commands import mail_pictures

pytestmark = pytest.mark.skipif(
    not any(shutil.which(name) for name in mail_pictures._PROGRAMS), reason="Chromium is not installed"
)


def size_of(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize(("paragraphs", "least", "most"), [(1, 200, 900), (100, 3000, 9000), (3000, 16000, 16000)])
def test_a_picture_is_as_long_as_the_mail_up_to_a_limit(paragraphs, least, most):
    html = "<!doctype html><meta charset=utf-8><body>" + "<p>译文 <b>one</b></p>" * paragraphs
    width, height = size_of(mail_pictures.take_picture(html))
    assert width == 700
    assert least <= height <= most
