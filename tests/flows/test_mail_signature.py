"""The key that signs mail, as an operator names it."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from flows.steps.mail_signature import make_signer
from tests.yibao.test_dkim import MESSAGE, is_valid, pem, write_pem
from yibao.errors import SettingsError
from yibao.settings import Newsletter, Settings

__all__ = ["pem"]


def test_what_is_no_key_is_refused_without_being_repeated(tmp_path):
    path = tmp_path / "dkim.pem"
    elliptic = write_pem(ec.generate_private_key(ec.SECP256R1()))
    for content in (b"secret words", elliptic):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match="openssl genrsa -out") as error:
            make_signer(Settings(newsletter=Newsletter(dkim_selector="yibao", dkim_key=path)))
        assert str(path) in str(error.value)
        assert "secret words" not in str(error.value)


def test_a_key_that_is_not_there_or_half_a_setting_is_named_with_its_remedy(tmp_path):
    missing = tmp_path / "none.pem"
    with pytest.raises(SettingsError, match=r"none\.pem: .*cannot be read: No such file.*openssl genrsa"):
        make_signer(Settings(newsletter=Newsletter(dkim_selector="yibao", dkim_key=missing)))
    with pytest.raises(SettingsError, match=r"newsletter\.dkim_key is not set"):
        make_signer(Settings(newsletter=Newsletter(dkim_selector="yibao")))
    with pytest.raises(SettingsError, match=r"newsletter\.dkim_selector is not set"):
        make_signer(Settings(newsletter=Newsletter(dkim_key=missing)))


def test_mail_is_signed_for_the_senders_domain_and_only_where_the_settings_say_so(tmp_path, pem):
    path = tmp_path / "dkim.pem"
    path.write_bytes(pem)
    made = make_signer(Settings(newsletter=Newsletter(dkim_selector="yibao", dkim_key=path)))
    assert is_valid(made, made.sign_message(MESSAGE))
    assert make_signer(Settings()) is None
