"""The description of the API: complete, kept in the repository, and true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from scheduler.web import openapi
from tests.web import world
from tests.web.running import RunningSite

KEPT = Path(__file__).parents[2] / "docs" / "openapi.json"

Operation = tuple[str, dict[str, Any]]


def operations() -> Iterator[Operation]:
    """Return each operation, and how it is asked for."""
    for path, methods in openapi.description()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return each body that is sent or answered: where, its media type, and what is said of it."""
    for name, operation in operations():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield name, media_type, content
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                yield f"{name} {status}", media_type, content


def examples_of(content: dict[str, Any]) -> list[Any]:
    named = [each["value"] for each in content.get("examples", {}).values()]
    return [content["example"], *named] if "example" in content else named


def mistakes(schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is wrong with a value by its schema."""
    whole = {**schema, "components": openapi.description()["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_the_description_in_docs_is_what_the_app_serves(site: RunningSite) -> None:
    assert KEPT.read_text() == openapi.written(), "`make openapi` writes docs/openapi.json"
    answer = site.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == openapi.description()


def test_the_description_is_for_whoever_may_look(site: RunningSite) -> None:
    answer = site.get("/openapi.json", token=None)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(openapi.description()).validate()


def test_every_route_of_the_api_is_described(site: RunningSite) -> None:
    routes = {
        f"{method} {context.path_format}"
        for context in iter_route_contexts(site.app.routes)
        if (context.path or "").startswith("/api/")
        for method in context.methods or ()
    }
    assert routes == {name for name, _ in operations()}


def test_every_operation_says_what_it_does_and_who_may_ask() -> None:
    bare = [
        name
        for name, each in operations()
        if not (each["summary"] and each["description"] and each["security"][0]["bearer"])
    ]
    assert bare == []
    tags = {tag for _, each in operations() for tag in each["tags"]}
    assert tags == set(openapi.TAGS)


def test_every_parameter_is_described() -> None:
    bare = [
        f"{name} {each['name']}"
        for name, operation in operations()
        for each in operation.get("parameters", ())
        if not each.get("description") and not each["schema"].get("description")
    ]
    assert bare == []


def test_every_body_has_a_schema() -> None:
    assert [where for where, _, content in contents() if not content.get("schema")] == []


def test_every_error_is_a_problem() -> None:
    for name, operation in operations():
        errors = {each: of for each, of in operation["responses"].items() if each >= "400"}
        assert {"401", "403", "503"} <= errors.keys(), name
        for status, answer in errors.items():
            (content,) = answer["content"].values()
            (example,) = examples_of(content)[:1]
            assert example["status"] == int(status), name


def test_every_example_of_a_body_fits_its_schema() -> None:
    wrong = {
        f"{where} {media_type}": found
        for where, media_type, content in contents()
        if media_type in ("application/json", "application/problem+json")
        for example in examples_of(content)
        if (found := mistakes(content["schema"], example))
    }
    assert not wrong, wrong


def test_every_example_of_a_field_fits_its_schema() -> None:
    schemas = openapi.description()["components"]["schemas"]
    fields = [
        (f"{model}.{name}", field)
        for model, schema in schemas.items()
        for name, field in schema.get("properties", {}).items()
    ]
    wrong = {
        name: found
        for name, schema in [*schemas.items(), *fields]
        for example in schema.get("examples", ())
        if (found := mistakes(schema, example))
    }
    assert not wrong, wrong


# Sent to the site ---------------------------------------------------------------------------------

#: What a request needs besides its example, for what the description can't say.
SPEAKS = {"params": {"policy": '{"call": {"script": [{"say": "Hello."}]}}'}}
MORE: dict[str, dict[str, Any]] = {
    "launches_put": {**SPEAKS, "places": {"campaign_id": "reminders-1"}},
    "launches_plan": SPEAKS,
    "live_stop": {"places": world.LIVE},
    "contacts_explanation": {"params": {"campaign": "nightly", "number": "c-3"}},
    "do_not_call_import_entries": {
        "headers": {"Content-Type": "text/csv"},
        "data": "phone_number\n+12025550123\n",
    },
}


#: The provider is asked, and there is none here.
AWAY = {"live_extend"}


def bodies_of(operation: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return each example of a body with its media type; one that is empty, where there is none."""
    schemas = openapi.description()["components"]["schemas"]
    found = [
        (media_type, example)
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
        for example in (
            examples_of(content)
            or schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {}).get("examples")
            or ()
        )
    ]
    return found or [("", None)]


def requests_of() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Return a request for each example: its name, method, path and options."""
    for name, operation in operations():
        method, _, path = name.partition(" ")
        if path.endswith("/events") or operation["operationId"] in AWAY:
            continue  # a stream has no end, and tests of its own
        for media_type, body in bodies_of(operation):
            sent = {"json": body} if media_type == "application/json" else {"data": body}
            headers = {"Content-Type": media_type} if media_type else {}
            params = {
                each["name"]: each["schema"]["examples"][0]
                for each in operation.get("parameters", ())
                if each["in"] == "query" and "examples" in each["schema"]
            }
            more = MORE.get(operation["operationId"], {})
            yield name, method, path, {"headers": headers, "params": params, **sent, **more}


def test_every_example_of_a_request_is_accepted(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of every operation an answer that is none of an error fits its schema."""
    world.hurry(monkeypatch)
    described = dict(operations())
    wrong = []
    for name, method, path, options in requests_of():
        world.fill(site)
        places = world.PLACES | options.pop("places", {})
        answer = site.ask(method, path.format(**places), **options)
        if not answer.ok:
            wrong.append(f"{name}: {answer.status_code} {answer.text}")
            continue
        expected = described[name]["responses"][str(answer.status_code)].get("content", {})
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if media_type == "application/json":
            wrong += mistakes(expected[media_type]["schema"], answer.json())
        elif expected and media_type not in expected:
            wrong.append(f"{name}: {media_type}")
    assert not wrong, "\n".join(wrong)
