"""The service itself: health, the OpenAPI document, request ids, security headers."""

import re
from pathlib import Path
from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from shared.db.migrate import drop
from tests.support.pipeline import picture
from tests.support.web import FullStore, Site, problem, site

__all__ = ["site"]


def test_livez_touches_nothing(tmp_path: Path) -> None:
    away = Site("postgresql+psycopg2://nobody@127.0.0.1:1/nothing", tmp_path, blobs=FullStore(tmp_path))
    assert away.get("/livez").get_json() == {"status": "ok"}
    away.close()


def test_readyz_is_ok_when_everything_is_there(site: Site) -> None:
    response = site.get("/readyz")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ok",
        "checks": {"database": "ok", "storage": "ok", "broker": "ok"},
    }


def test_a_broker_that_is_away_is_reported_and_not_needed(site: Site) -> None:
    site.pipeline.dispatcher.away = True
    response = site.get("/readyz")
    assert response.status_code == 200
    assert response.get_json()["checks"]["broker"] != "ok"


def test_readyz_fails_without_the_store(database_url: str, tmp_path: Path) -> None:
    site = Site(database_url, tmp_path, blobs=FullStore(tmp_path))
    response = site.get("/readyz")
    assert response.status_code == 503
    checks = response.get_json()["checks"]
    assert checks["database"] == "ok"
    assert checks["storage"] != "ok"
    site.close()


def test_readyz_fails_without_the_database_and_without_its_tables(site: Site, tmp_path: Path) -> None:
    away = Site("postgresql+psycopg2://nobody@127.0.0.1:1/nothing", tmp_path)
    drop(site.pipeline.engine)
    for each in (away, site):
        response = each.get("/readyz")
        assert response.status_code == 503
        assert response.get_json()["checks"]["database"] != "ok"
    away.close()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation. `parameters` are those of the path itself."""
    return [
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_the_document_has_every_route_of_the_api(site: Site) -> None:
    document = site.get("openapi.json").get_json()
    assert document["openapi"].startswith("3.")
    documented = {(path, method) for path, method, _ in operations(document)}
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in site.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") or rule.rule in {"/livez", "/readyz"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert documented == routes


def test_every_reference_of_the_document_leads_somewhere(site: Site) -> None:
    response = site.get("openapi.json")
    schemas = response.get_json()["components"]["schemas"]
    references = set(re.findall(r'"\$ref":"([^"]+)"', response.text))
    assert references == {reference for reference in references if reference.rpartition("/")[2] in schemas}
    assert "#/components/schemas/Image" in references


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(site: Site) -> None:
    found = operations(site.get("openapi.json").get_json())
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for _, _, operation in found)


def test_the_document_names_the_parameters_of_a_route(site: Site) -> None:
    path = site.get("openapi.json").get_json()["paths"]["/api/v1/images/{id}/similar"]
    assert [parameter["name"] for parameter in path["parameters"]] == ["id"]
    parameters = {parameter["name"]: parameter for parameter in path["get"]["parameters"]}
    assert set(parameters) == {"k", "diversity"}
    assert parameters["k"]["schema"] == {"type": "integer", "default": 4, "minimum": 1, "maximum": 50}


def test_the_docs_page_shows_the_document_without_outside_help(site: Site) -> None:
    response = site.get("/api/docs")
    assert response.status_code == 200
    assert "/api/v1/images/{id}/similar" in response.text
    assert 'id="too_many_pixels"' in response.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', response.text)


def test_the_type_of_a_problem_is_a_place_on_the_docs_page(site: Site) -> None:
    where, _, anchor = problem(site.upload(b"text"))["type"].partition("#")
    assert f'id="{anchor}"' in site.get(where).text


def test_a_request_id_is_made_and_given_back(site: Site) -> None:
    made = {site.get("/livez").headers["X-Request-ID"] for _ in range(2)}
    assert len(made) == 2
    assert (
        site.get("/livez", headers={"X-Request-ID": "from-a.proxy_1"}).headers["X-Request-ID"]
        == "from-a.proxy_1"
    )


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "ä"])
def test_a_request_id_that_is_not_a_plain_word_is_replaced(site: Site, given: str) -> None:
    assert site.get("/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_a_request_is_one_line_in_the_log(site: Site) -> None:
    with capture_logs() as lines:
        site.get("images?tag=secret").close()
        site.get("nowhere").close()
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("GET", "/api/v1/images", 200),
        ("GET", "/api/v1/nowhere", 404),
    ]
    assert requests[1]["code"] == "not_found"
    assert all(line["ms"] >= 0 for line in requests)


def test_the_line_of_an_upload_names_its_image_and_job(site: Site) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = site.upload(picture(1))
        answer.close()
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert str(line["image_id"]) == answer.get_json()["image"]["id"]
    assert line["job_id"] == answer.get_json()["job"]["id"]


def test_a_mistake_of_our_own_is_a_problem_without_details_and_is_logged(site: Site) -> None:
    @site.app.get("/api/v1/broken")
    def broken() -> str:
        raise ZeroDivisionError("secret")

    with capture_logs() as lines:
        response = site.get("broken")
    assert (response.status_code, problem(response)["code"]) == (500, "internal_error")
    assert "secret" not in response.text
    assert [str(line["exc_info"]) for line in lines if line["event"] == "request_failed"] == ["secret"]


def test_pages_may_run_only_their_own_scripts(site: Site) -> None:
    response = site.get("/")
    policy = response.headers["Content-Security-Policy"]
    nonces = re.findall(r"'nonce-([\w-]+)'", policy)
    assert len(set(nonces)) == 1
    assert nonces[0] not in site.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.replace("style-src-attr 'unsafe-inline'", "")
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]


def test_json_may_load_nothing_at_all(site: Site) -> None:
    for response in (site.get("images"), site.get("nowhere"), site.upload(picture(1))):
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_head_is_a_get_without_a_body(site: Site) -> None:
    head, get = site.client.head("/api/v1/images"), site.get("images")
    assert head.data == b""
    assert (head.status_code, head.headers["ETag"]) == (200, get.headers["ETag"])
