"""Addresses of services: what people write is read as they mean it, or refused with a sentence that tells no password."""

import pytest
from kombu import Connection
from sqlalchemy import make_url

from shared.errors import BadSetting
from shared.settings import load_settings

DATABASE, BROKER, S3 = "VITRINE_DATABASE_URL", "VITRINE_BROKER_URL", "VITRINE_S3_ENDPOINT"
# Unlike anything else in the addresses below.
SECRET = "hunter"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("postgresql://u:hunter2@db:5432/vitrine", "postgresql+psycopg2://u:hunter2@db:5432/vitrine"),
        ("postgres://u:hunter2@db/vitrine", "postgresql+psycopg2://u:hunter2@db/vitrine"),
        ("POSTGRES://db/vitrine", "postgresql+psycopg2://db/vitrine"),
        (
            "postgresql+psycopg2://db/vitrine?sslmode=require",
            "postgresql+psycopg2://db/vitrine?sslmode=require",
        ),
        (" postgresql://db/vitrine\n", "postgresql+psycopg2://db/vitrine"),
        (
            "postgresql://u@/vitrine?host=/run/postgresql",
            "postgresql+psycopg2://u@/vitrine?host=/run/postgresql",
        ),
        ("postgresql:///vitrine", "postgresql+psycopg2:///vitrine"),
        ("postgresql://[::1]:5432/vitrine", "postgresql+psycopg2://[::1]:5432/vitrine"),
        ("postgresql://one,two/vitrine", "postgresql+psycopg2://one,two/vitrine"),
        ("postgresql://u:hunter%23%2F2@db/vitrine", "postgresql+psycopg2://u:hunter%23%2F2@db/vitrine"),
        ("postgresql://db/v?sslrootcert=/etc/a@b.pem", "postgresql+psycopg2://db/v?sslrootcert=/etc/a@b.pem"),
    ],
)
def test_an_address_of_postgres_is_read_as_psycopg2_s(raw: str, read: str) -> None:
    found = load_settings({DATABASE: raw}).database_url
    assert found == read
    assert make_url(found).get_driver_name() == "psycopg2"


def test_an_escaped_password_is_the_password() -> None:
    assert (
        make_url(load_settings({DATABASE: "postgres://u:a%23b%2Fc%40@db/v"}).database_url).password
        == "a#b/c@"
    )
    assert Connection(load_settings({BROKER: "redis://:a%23b%2Fc%40@db/0"}).broker_url).password == "a#b/c@"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("rediss://u:hunter2@db", "rediss://u:hunter2@db"),
        ("valkey://:hunter2@db:6379/3", "redis://:hunter2@db:6379/3"),
        ("valkeys://db/", "rediss://db/"),
        ("redis://", "redis://"),
        ("redis://:6380/1", "redis://:6380/1"),
        ("redis+socket:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
        ("redis://one/0;redis://two/0", "redis://one/0;redis://two/0"),
    ],
)
def test_an_address_of_redis_or_valkey_is_read_as_redis(raw: str, read: str) -> None:
    assert load_settings({BROKER: raw}).broker_url == read


@pytest.mark.parametrize("name", [DATABASE, BROKER])
@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("u:hunter#2@db:5432/1", "# written as %23"),
        ("u:hunter/2@db:5432/1", "/ written as %2F"),
        ("u:5/hunter@db:5432/1", "/ written as %2F"),
        ("u:hunter?2@db:5432/1", "? written as %3F"),
        ("u:hunter@2@db:5432/1", "@ written as %40"),
        ("u:hunter[2@db:5432/1", "[ written as %5B"),
        ("u:hunter/@2@db/1", "/ written as %2F"),
        ("u:hunter 2@db:5432/1", "write %20"),
        ("u:hunter2@db:543O/1", "port from 1 to 65535"),
        ("u:hunter2@db:0/1", "port from 1 to 65535"),
        ("u:hunter2@db:70000/1", "port from 1 to 65535"),
        ("u:hunter2@db:/1", "port from 1 to 65535"),
        ("u:hunter2@db:5432:5432/1", "name its host"),
        ("u:hunter2@::1/1", "name its host"),
        ("u:hunter2@http://db/1", "port from 1 to 65535"),
    ],
)
def test_a_mistake_in_an_address_is_refused_with_what_to_write_instead(
    name: str, rest: str, said: str
) -> None:
    refused(name, f"{'postgresql' if name == DATABASE else 'redis'}://{rest}", said)


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        (DATABASE, "mysql://u:hunter2@db/v", "it begins with mysql://"),
        (DATABASE, "postgresql+asyncpg://u:hunter2@db/v", "it begins with postgresql+asyncpg://"),
        (DATABASE, "jdbc:postgresql://u:hunter2@db/v", "must be an address such as"),
        (DATABASE, "postgresql:/u:hunter2@db/v", "must be an address such as"),
        (DATABASE, "postgres:u:hunter2@db", "must be an address such as"),
        (DATABASE, "db", "must be an address such as"),
        (DATABASE, "'postgresql://u:hunter2@db/v'", "without quotes"),
        (DATABASE, 'postgresql://u:hunter2@db/v"', "without quotes"),
        (DATABASE, "postgresql://u:hunter2@db:5432", "name of a database"),
        (DATABASE, "postgresql://u:hunter2@db/", "name of a database"),
        (DATABASE, "postgresql://u:hunter2@db/v/w", "name of a database"),
        (BROKER, "amqp://u:hunter2@mq//", "it begins with amqp://"),
        (BROKER, "redis:/:hunter2@db/0", "must be an address such as"),
        (BROKER, "localhost:6379", "must be an address such as"),
        (BROKER, "redis://:hunter2@db/vitrine", "number of a database"),
        (BROKER, "redis://:hunter2@db/0/1", "number of a database"),
        (BROKER, "redis://one/0;two", "must be an address such as"),
        (BROKER, "redis+socket://run/valkey.sock", "whole path"),
        (S3, "ftp://minio:9000", "must be host:port"),
        (S3, "s3://bucket", "must be host:port"),
        (S3, "http://key:hunter2@minio:9000", "must hold no keys"),
        (S3, "minio:9000/bucket", "VITRINE_S3_BUCKET"),
        (S3, "https://minio/?x=1", "VITRINE_S3_BUCKET"),
        (S3, "minio:port", "port from 1 to 65535"),
        (S3, "http://:9000", "name its host"),
        (S3, "http:/minio", "begin with http:// or https://"),
        (S3, "https//minio", "begin with http:// or https://"),
        (S3, "http:minio", "begin with http:// or https://"),
        (S3, "//minio:9000", "begin with http:// or https://"),
        (S3, "one,two:9000", "must name one host"),
        (BROKER, "redis://one,two:6379/0", "must name one host"),
        ("VITRINE_STORAGE_DIR", "~nobody-of-that-name/photos", "must begin with ~/"),
        ("VITRINE_API_KEYS", " , ", "at least one key"),
        (S3, "minio 9000", "name its host"),
        ("VITRINE_HOSTS", "https://example.org", "names of hosts alone"),
        ("VITRINE_HOSTS", "example.org/photos", "names of hosts alone"),
        ("VITRINE_HOSTS", "localhost,*.example.org", ".example.org stands for all"),
        ("VITRINE_HOSTS", "localhost example.org", "names of hosts alone"),
    ],
)
def test_an_address_of_another_kind_is_refused_with_what_is_wanted(name: str, raw: str, said: str) -> None:
    refused(name, raw, said)


@pytest.mark.parametrize(
    ("raw", "place", "secure"),
    [
        ("minio:9000", "minio:9000", True),
        ("http://minio:9000", "minio:9000", False),
        ("HTTP://minio:9000/", "minio:9000", False),
        ("https://s3.example.org", "s3.example.org", True),
        ("minio/", "minio", True),
    ],
)
def test_an_endpoint_may_say_whether_tls_is_spoken(raw: str, place: str, secure: bool) -> None:
    settings = load_settings({S3: raw})
    assert (settings.s3_endpoint, settings.s3_secure) == (place, secure)


def test_an_endpoint_and_the_setting_about_tls_must_not_disagree() -> None:
    assert load_settings({S3: "http://minio", "VITRINE_S3_SECURE": "false"}).s3_secure is False
    assert load_settings({S3: "minio", "VITRINE_S3_SECURE": "false"}).s3_secure is False
    for raw, secure in (("http://minio", "true"), ("https://minio", "false")):
        with pytest.raises(
            BadSetting, match="VITRINE_S3_ENDPOINT and VITRINE_S3_SECURE say different things"
        ):
            load_settings({S3: raw, "VITRINE_S3_SECURE": secure})


def test_names_of_hosts_may_have_ports_and_a_leading_point() -> None:
    raw = "example.org, .example.com,localhost:8000,müller.example"
    assert load_settings({"VITRINE_HOSTS": raw}).hosts == tuple(each.strip() for each in raw.split(","))


def refused(name: str, raw: str, said: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        load_settings({name: raw})
    message = refusal.value.message
    assert message.startswith(f"{name} must ")
    assert message.endswith(".")
    assert said in message
    assert SECRET not in message
