"""What deploys Vitrine agrees with the code: queues, settings, images, secrets, and how long things take to stop."""

import json
import os
import re
import subprocess
from dataclasses import fields

import click
import pytest
from celery import Celery
from celery.bin.base import CLIContext
from celery.bin.celery import celery as celery_cli
from gunicorn.config import Config as GunicornConfig  # type: ignore[import-untyped]

from infra.requirements import requirements
from shared.jobs.broker import make_celery
from shared.jobs.kinds import RULES, JobKind, Queue
from shared.settings import ELSEWHERE, Settings, load_settings, variable
from tests.support.compose import (
    DOCKERFILE,
    DUMMY_ENVIRON,
    EXAMPLE,
    ROOT,
    ComposeFile,
    Service,
    interpolated,
    seconds,
)
from web import gunicorn_config

COMPOSE = ComposeFile()
OURS = [service for service in COMPOSE.services.values() if service.is_ours]
CELERY = [service for service in OURS if service.command[0] == "celery"]
LONG_RUNNING = [service for service in COMPOSE.services.values() if not service.is_one_shot]
SECRET = re.compile("PASSWORD|SECRET|KEY|TOKEN")


def named(service: Service) -> str:
    return service.name


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_every_queue_is_consumed_in_each_profile(profile: str) -> None:
    running = [service for service in OURS if not service.profiles or profile in service.profiles]
    assert set().union(*(service.queues for service in running)) == {queue.value for queue in Queue}


def test_one_profile_must_be_chosen_or_nobody_would_embed() -> None:
    always = [service for service in OURS if not service.profiles]
    assert RULES[JobKind.EMBED].queue.value not in set().union(*(service.queues for service in always))
    required = {variable.name for variable in COMPOSE.variables if variable.operator == ":?"}
    assert "COMPOSE_PROFILES" in required


@pytest.mark.parametrize("service", OURS, ids=named)
def test_vitrine_starts_with_the_settings_it_is_given(service: Service) -> None:
    settings = load_settings(service.environment)
    assert settings.storage == "s3"
    assert settings.database_url.startswith("postgresql+psycopg2://")


def test_all_of_vitrine_shares_one_database_one_broker_and_one_store() -> None:
    places = {
        (settings.database_url, settings.broker_url, settings.s3_endpoint, settings.s3_bucket)
        for settings in (load_settings(service.environment) for service in OURS)
    }
    assert len(places) == 1


def test_every_vitrine_variable_is_a_setting() -> None:
    known = {variable(field.name) for field in fields(Settings)} | ELSEWHERE
    for file in (COMPOSE.text, DOCKERFILE.read_text(), EXAMPLE.read_text()):
        assert set(re.findall(r"\bVITRINE_\w+", file)) <= known


@pytest.mark.parametrize("service", CELERY, ids=named)
def test_celery_understands_its_commands(service: Service) -> None:
    program, option, app, command, *rest = service.command
    assert (program, option, app) == ("celery", "--app", "worker.beat" if command == "beat" else "worker.app")
    parser = celery_cli.commands[command]
    context = click.Context(parser, obj=CLIContext(Celery(), no_color=True, workdir=None, quiet=True))
    parser.parse_args(context, rest)


def test_gunicorn_understands_its_command() -> None:
    program, *rest = COMPOSE.services["web"].command
    assert program == "gunicorn"
    understood = GunicornConfig().parser().parse_args(rest)
    assert understood.args == ["web.app:create_app_from_environment()"]
    assert understood.config == f"python:{gunicorn_config.__name__}"


@pytest.mark.parametrize("service", CELERY, ids=named)
def test_workers_may_finish_what_they_are_at_before_they_are_killed(service: Service) -> None:
    conf = make_celery(Settings()).conf
    assert service.stop_seconds > conf.worker_soft_shutdown_timeout + 10
    if service.queues:
        assert service.environment["REMAP_SIGTERM"] == "SIGQUIT"


def test_the_front_end_may_answer_who_waits_before_it_is_killed() -> None:
    assert COMPOSE.services["web"].stop_seconds > gunicorn_config.graceful_timeout


@pytest.mark.parametrize("service", LONG_RUNNING, ids=named)
def test_what_runs_on_has_a_healthcheck_and_is_started_again(service: Service) -> None:
    check = service.fields["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert seconds(check["timeout"]) < seconds(check["interval"])
    assert service.fields["restart"] == "unless-stopped"
    assert "mem_limit" in service.fields


@pytest.mark.parametrize("service", [s for s in CELERY if s.queues == {"gpu"}], ids=named)
def test_an_embedding_worker_is_not_called_ill_while_it_is_at_work(service: Service) -> None:
    # With the pool "solo" it answers between tasks only.
    rules = RULES[JobKind.EMBED]
    longest_silence = rules.drain_seconds + rules.deadline_seconds
    check = service.fields["healthcheck"]
    assert check["retries"] * seconds(check["interval"]) > longest_silence


def test_every_image_has_a_tag_that_says_which() -> None:
    foreign = [service.fields["image"] for service in COMPOSE.services.values() if not service.is_ours]
    bases = re.findall(r"^ARG PYTHON=(\S+)", DOCKERFILE.read_text(), re.MULTILINE)
    assert len(foreign) == 3
    assert len(bases) == 1
    for image in [*foreign, *bases]:
        assert re.search(r":[\w.-]*\d[\w.-]*$", image), image
    assert all(":" in service.fields["image"] for service in OURS)


def test_secrets_have_no_default() -> None:
    secrets = [taken for taken in COMPOSE.variables if SECRET.search(taken.name)]
    assert {taken.name for taken in secrets} >= {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "S3_SECRET_KEY"}
    for taken in secrets:
        must_be_set, closed_by_default = taken.operator == ":?", taken.value == ""
        assert must_be_set or closed_by_default, taken
    for line in EXAMPLE.read_text().splitlines():
        name, _, value = line.partition("=")
        assert line.startswith("#") or not SECRET.search(name) or not value, line


def test_no_secret_is_written_into_the_file() -> None:
    # Whatever is a secret in a container came from the environment: it holds one of the dummies, or nothing.
    given = [value for name, value in DUMMY_ENVIRON.items() if SECRET.search(name)]
    for service in COMPOSE.services.values():
        for name, value in service.environment.items():
            if SECRET.search(name):
                assert value in {*given, ""}, (service.name, name)


def test_the_example_lists_what_can_be_set() -> None:
    listed = set(re.findall(r"^(\w+)=", EXAMPLE.read_text(), re.MULTILINE))
    taken = {taken.name for taken in COMPOSE.variables}
    assert {taken.name for taken in COMPOSE.variables if taken.operator == ":?"} <= listed <= taken


@pytest.mark.parametrize("name", sorted(DUMMY_ENVIRON))
def test_it_does_not_start_without_what_must_be_set(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        interpolated(COMPOSE.text, {**DUMMY_ENVIRON, name: ""})


@pytest.mark.parametrize("service", OURS, ids=named)
def test_vitrine_runs_without_privileges_and_writes_nowhere_else(service: Service) -> None:
    assert service.fields["read_only"] is True
    assert service.fields["cap_drop"] == ["ALL"]
    assert "cap_add" not in service.fields
    assert "user" not in service.fields  # the image's own, checked below


@pytest.mark.parametrize("service", COMPOSE.services.values(), ids=named)
def test_nothing_can_gain_privileges(service: Service) -> None:
    assert service.fields["security_opt"] == ["no-new-privileges:true"]
    assert service.fields["cap_drop"] == ["ALL"]
    assert "privileged" not in service.fields


def test_only_the_front_end_is_published_and_only_on_this_machine() -> None:
    published = {name: s.fields["ports"] for name, s in COMPOSE.services.items() if "ports" in s.fields}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_the_stores_stand_in_a_network_that_leads_nowhere() -> None:
    assert COMPOSE.document["networks"]["data"]["internal"] is True
    for name in ("postgres", "valkey", "s3"):
        assert COMPOSE.services[name].fields["networks"] == ["data"]


def test_what_must_last_lies_in_named_volumes() -> None:
    mounts = {
        name: [str(volume).split(":") for volume in service.fields.get("volumes", [])]
        for name, service in COMPOSE.services.items()
    }
    # PostgreSQL 18's image keeps a folder for each major version below this one, and refuses the one of old.
    assert mounts["postgres"] == [["postgres", "/var/lib/postgresql"]]
    assert mounts["valkey"] == [["valkey", "/data"]]
    assert mounts["s3"] == [["s3", "/data"]]
    assert set(COMPOSE.document["volumes"]) == {"postgres", "valkey", "s3", "cache"}


def test_the_broker_forgets_nothing() -> None:
    command = " ".join(COMPOSE.services["valkey"].command)
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_store_knows_vitrine_and_nobody_else() -> None:
    identities = json.loads(COMPOSE.document["configs"]["s3-identities"]["content"])["identities"]
    assert [identity["name"] for identity in identities] == ["vitrine"]
    web = COMPOSE.services["web"].environment
    assert identities[0]["credentials"] == [
        {"accessKey": web["VITRINE_S3_ACCESS_KEY"], "secretKey": web["VITRINE_S3_SECRET_KEY"]}
    ]
    assert (
        f"-s3.config={COMPOSE.services['s3'].fields['configs'][0]['target']}"
        in COMPOSE.services["s3"].command
    )


def test_every_image_of_ours_is_a_stage_of_the_dockerfile_and_not_root() -> None:
    text = DOCKERFILE.read_text()
    parents = {stage: parent for parent, stage in re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE)}
    for service in OURS:
        assert parents[service.fields["build"]["target"]] == "base", service.name
    base = text.split(" AS base\n")[1]
    assert re.findall(r"^USER (.*)$", base, re.MULTILINE) == ["10001:10001"]


def test_the_web_image_carries_neither_torch_nor_the_workers() -> None:
    text = DOCKERFILE.read_text()
    web = text.split(" AS web\n")[1].split("\nFROM ")[0]
    assert "worker" not in web
    names = {re.split(r"[\[<>=~! ]", line)[0] for line in requirements(ROOT / "pyproject.toml", "web")}
    assert names >= {"flask", "gunicorn", "sqlalchemy"}
    assert not names & {"torch", "torchvision", "numpy", "scikit-learn", "pillow"}


def test_every_version_of_an_image_comes_from_the_constraints() -> None:
    installs = re.findall(r"pip install ([^&\n]*)", DOCKERFILE.read_text())
    assert len(installs) == 4
    for install in installs:
        assert "--constraint constraints.txt" in install or "--requirement torch.txt" in install


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_docker_compose_accepts_the_file(profile: str) -> None:
    environ = {**os.environ, **DUMMY_ENVIRON, "COMPOSE_PROFILES": profile}
    command = ["docker", "compose"]
    try:
        found = subprocess.run([*command, "version"], capture_output=True, timeout=30, check=False)
    except FileNotFoundError:
        pytest.skip("there is no docker command here")
    if found.returncode != 0:
        pytest.skip("the docker command here has no compose plugin")
    ran = subprocess.run(
        [*command, "--file", "infra/docker-compose.yml", "config", "--quiet"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
