"""What dies comes back, and nothing that was taken is lost."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.support.pipeline import picture
from tests.support.services import service_folder
from tests.support.stack import PATIENCE_SECONDS, Stack, finished, running_stack, settled, upload


@pytest.fixture
def stack() -> Iterator[Stack]:
    with service_folder("faults") as folder, running_stack(folder) as running:
        yield running


def kill(processes: list[psutil.Process]) -> None:
    assert processes
    for process in processes:
        process.send_signal(signal.SIGKILL)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_no_job_is_lost_when_workers_and_the_broker_are_killed_in_mid_run(stack: Stack) -> None:
    with stack.client() as client:
        jobs = [upload(client, picture(seed, (1600, 1200)))["job"]["id"] for seed in range(12)]
        kill(stack.processes("worker.app", "cpu@"))
        kill(stack.processes("worker.app", "embed@"))
        jobs += [upload(client, picture(seed, (1600, 1200)))["job"]["id"] for seed in range(12, 24)]
        kill(stack.processes("valkey-server"))
        # The broker is away: the answer is 202 all the same.
        jobs += [upload(client, picture(seed))["job"]["id"] for seed in range(24, 36)]
        assert [finished(client, job)["status"] for job in jobs] == ["succeeded"] * len(jobs)
        assert settled(client)["indexed"] == 36


def test_a_frozen_worker_that_wakes_up_after_its_lease_writes_nothing_twice(stack: Stack) -> None:
    with stack.client() as client:
        first = upload(client, picture(1))
        finished(client, first["job"]["id"])
        workers = stack.processes("worker.app", "cpu@")
        jobs = [upload(client, picture(seed, (2400, 1800)))["job"]["id"] for seed in range(2, 10)]
        for process in workers:
            process.suspend()
        time.sleep(6)  # past the lease of 4 s
        for process in workers:
            process.resume()
        assert [finished(client, job)["status"] for job in jobs] == ["succeeded"] * len(jobs)
        assert client.get("/api/v1/images").json()["total"] == 9


def test_after_kill_minus_nine_of_the_supervisor_nothing_is_left_and_a_new_start_has_everything() -> None:
    with service_folder("restart") as folder:
        with running_stack(folder) as first, first.client() as client:
            answer = upload(client, picture(1))
            finished(client, answer["job"]["id"])
            everything = psutil.Process(first.process.pid).children(recursive=True)
            first.process.kill()
            until(lambda: not any(alive(process) for process in everything))
        with running_stack(folder) as second, second.client() as client:
            image = client.get(f"/api/v1/images/{answer['image']['id']}").json()
            assert image["status"]["palette"] == "succeeded"
            assert client.get(image["links"]["thumbnail"]).status_code == 200


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_second_stack_on_the_same_folder_is_refused(stack: Stack) -> None:
    with pytest.raises(AssertionError, match="cannot start"), running_stack(stack.data):
        pytest.fail("It started.")


def test_it_stops_cleanly_when_it_is_told_to(stack: Stack) -> None:
    everything = psutil.Process(stack.process.pid).children(recursive=True)
    stack.process.send_signal(signal.SIGINT)
    try:
        assert stack.process.wait(60) == 0
    except subprocess.TimeoutExpired:
        pytest.fail("It did not stop.")
    assert not any(alive(process) for process in everything)
