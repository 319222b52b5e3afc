"""The accounts' file: several accounts in YAML, each with its provider's credentials.

A credential may refer to its value: `${NAME}` is a variable of the environment or of the .env
file, `${file:PATH}` the text of a file, such as a Docker or Kubernetes secret. If the value is
missing, only that account is unusable.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from scheduler.accounts import NAME_PATTERN, Account, Accounts
from scheduler.errors import CampaignError, ConfigError, Problem, refusal
from scheduler.fields import document, key_problems
from scheduler.fields.caller_ids import own_number
from scheduler.fields.document import Node, place_of
from scheduler.masking import shown
from scheduler.providers.kind import Credentials, Kind
from scheduler.settings import Settings

_MOST_BYTES = 1024**2
_MOST_SECRET_BYTES = 64 * 1024
_EXPECTED = "names with the keys of an account under each, such as provider"
_REFERENCE = re.compile(r"\$\{(file:)?([^${}]+)\}")
_OTHERS = stat.S_IRGRP | stat.S_IROTH

Lookup: TypeAlias = Callable[[str], str | None]


def _caller_ids(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class AccountKeys(BaseModel):
    """Keys that every account may have; its provider's credentials are further keys beside them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = Field(description="the telephony API")
    max_concurrency: int | None = Field(
        default=None, ge=1, le=100_000, description="the account's ceiling of open attempts, from 1"
    )
    max_starts_per_second: float | None = Field(
        default=None, ge=0, le=10_000, description="starts a second, such as 2 or 0.5; 0 for any"
    )
    reserve: int | None = Field(
        default=None, ge=0, description="slots that are left free for other traffic, from 0"
    )
    caller_ids: Annotated[
        list[Annotated[str, AfterValidator(own_number)]], BeforeValidator(_caller_ids)
    ] = Field(default=[], description="numbers such as +12025550123 that the callee may see")
    exclusive: bool = Field(
        default=False, description="true or false: whether callsched alone uses the account"
    )
    default: bool = Field(
        default=False, description="true or false: whether campaigns that name none dial from it"
    )


def read(
    path: Path,
    settings: Settings,
    kinds: Sequence[Kind],
    lookup: Lookup,
    *,
    is_tolerant: bool = False,
) -> Accounts:
    """Read and check the file. Raises ConfigError, a line for each problem with its place.

    With `is_tolerant`, return the sound accounts, if there is any, and the problems as `doubts`.

    Ceiling, pace and reserve that an account leaves out come from the settings. `lookup` returns a
    variable, None if it is not set.
    """
    try:
        root = document.compose(_text(path), str(path))
        bodies = list(_bodies(root, str(path)))
    except CampaignError as error:
        raise ConfigError(*map(str, error.problems)) from None
    reader = _Reader(path, settings, {kind.name: kind for kind in kinds}, lookup)
    found = [reader.account(*body) for body in bodies]
    defaults = [name for name, keys in reader.keys.items() if keys.default]
    if len(defaults) > 1:
        reader.refuse(root, f"default: true stands under {' and '.join(defaults)}: choose one")
    accounts = {one.name: one for one in found if one is not None}
    doubts = tuple(map(str, sorted(reader.problems, key=lambda one: one.line or 0)))
    if doubts and not (is_tolerant and accounts):
        raise ConfigError(*doubts)
    named = settings.account if "account" in settings.model_fields_set else None
    if named is not None and named not in accounts and not doubts:
        raise ConfigError(
            f"CALLSCHED_ACCOUNT: there is no account {named} in {path}, which has"
            f" {', '.join(accounts)}"
        )
    only = next(iter(accounts)) if len(accounts) == 1 else None
    default = named or next(iter(defaults), only)
    return Accounts(accounts, default, path, tuple(reader.warnings()), doubts)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"CALLSCHED_ACCOUNTS: {path} can't be read: {error.strerror or error}"
        ) from None
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"CALLSCHED_ACCOUNTS: {path}: expected at most 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"CALLSCHED_ACCOUNTS: {path}: expected UTF-8, got other bytes") from None


def _bodies(root: Node | None, path: str) -> Iterator[tuple[str, Node, document.Mapping]]:
    """Yield each account: its name, where that stands, and its keys.

    The file has a mapping by name, or a list whose items have a `name`; at the top or under
    `accounts`.
    """
    if isinstance(root, document.Mapping) and set(root.pairs) == {"accounts"}:
        root = root.pairs["accounts"][1]
    if isinstance(root, document.Sequence):
        for item in root.items:
            yield _listed(item, path)
    elif isinstance(root, document.Mapping):
        for name, (key, body) in root.pairs.items():
            yield name, key, _mapping(body, path, name)
    if root is None or not document.plain(root):
        raise refusal(path, f"expected {_EXPECTED}; there is no account", *place_of(root))
    if isinstance(root, document.Scalar):
        raise refusal(path, f"expected {_EXPECTED}", *place_of(root))


def _listed(item: Node, path: str) -> tuple[str, Node, document.Mapping]:
    body = _mapping(item, path, "an account")
    pair = body.pairs.get("name")
    if pair is None or not isinstance(pair[1], document.Scalar) or not pair[1].text:
        raise refusal(path, "expected a name for each account of the list", *place_of(body))
    others = {key: value for key, value in body.pairs.items() if key != "name"}
    return pair[1].text, pair[1], document.Mapping(body.line, body.column, others)


def _mapping(body: Node, path: str, name: str) -> document.Mapping:
    if not isinstance(body, document.Mapping):
        raise refusal(path, f"{shown(name)}: expected keys such as provider", *place_of(body))
    return body


class _Reader:
    """Checks the accounts one by one, and collects their problems."""

    def __init__(
        self, path: Path, settings: Settings, kinds: Mapping[str, Kind], lookup: Lookup
    ) -> None:
        self._path = path
        self._settings = settings
        self._kinds = kinds
        self._lookup = lookup
        self._literals: list[tuple[str, str]] = []  #: (account, key) of secrets in the file itself
        self._fault = ""  #: what is wrong with the account that is being read
        self._identities: dict[
            str, list[str]
        ] = {}  #: identity at the provider -> names in the file
        self.keys: dict[str, AccountKeys] = {}
        self.problems: list[Problem] = []

    def refuse(self, node: Node | None, message: str) -> None:
        """Note a problem and the place of its node."""
        self.problems.append(Problem(str(self._path), message, *place_of(node)))

    def warnings(self) -> Iterator[str]:
        """Yield warnings: secrets that others can read, and two names for the same account."""
        path = self._path
        if self._literals and (mode := path.stat().st_mode) & _OTHERS:
            places = ", ".join(f"{account}.{key}" for account, key in self._literals)
            yield (
                f"{path} has secrets in it ({places}), and others can read it"
                f" ({stat.filemode(mode)}): chmod 600, or write ${{NAME}} or ${{file:PATH}} instead"
            )
        for names in self._identities.values():
            if len(names) > 1:
                yield (
                    f"{' and '.join(names)} are the same account at the provider: each learns its"
                    " limit as if the other were not there; leave one of them out"
                )

    def account(self, name: str, at: Node, body: document.Mapping) -> Account | None:
        """Return an account; None if it is faulty: its problems are noted."""
        before, self._fault = len(self.problems), ""
        if not re.fullmatch(NAME_PATTERN, name):
            self.refuse(
                at, f"{shown(name)}: expected 1 to 64 letters, digits, dots, dashes, underscores"
            )
        if name in self.keys:
            self.refuse(at, f"{shown(name)} is there twice")
        kind = self._kind(body)
        if kind is None:
            return None
        nested = body.pairs.get("credentials")
        within = nested[1] if nested is not None else None
        beside = {key for key in body.pairs if key not in AccountKeys.model_fields}
        keys = self._keys(body, beside - {"credentials"} if within is None else beside, kind)
        credentials = self._credentials(name, kind, body, beside, within)
        if len(self.problems) > before or keys is None:
            return None
        self.keys[name] = keys
        identity = f"{kind.name} {credentials.identity}"
        self._identities.setdefault(identity, []).append(name)
        return self._made(name, kind, keys, credentials)

    def _made(self, name: str, kind: Kind, keys: AccountKeys, credentials: Any) -> Account:
        ours = self._settings
        pace = keys.max_starts_per_second
        return Account(
            name,
            kind.name,
            credentials,
            max_concurrency=self._ceiling(keys.max_concurrency),
            reserve=ours.reserve if keys.reserve is None else keys.reserve,
            starts_per_second=kind.pace(ours) if pace is None else pace,
            caller_ids=tuple(keys.caller_ids),
            exclusive=keys.exclusive,
            fault=self._fault,
        )

    def _ceiling(self, own: int | None) -> int:
        """Return the account's own ceiling, capped by the setting if that is set."""
        ours = self._settings
        ceiling = own or ours.max_concurrency
        is_cap = "max_concurrency" in ours.model_fields_set
        return min(ceiling, ours.max_concurrency) if is_cap else ceiling

    def _kind(self, body: document.Mapping) -> Kind | None:
        pair = body.pairs.get("provider")
        known = ", ".join(self._kinds)
        if pair is None:
            self.refuse(body, f"provider: expected one of {known}")
            return None
        written = str(document.plain(pair[1]))
        if written not in self._kinds:
            self.refuse(pair[1], f"provider: expected one of {known}, got {shown(written)}")
        return self._kinds.get(written)

    def _keys(self, body: document.Mapping, beside: set[str], kind: Kind) -> AccountKeys | None:
        given = {
            key: document.plain(value)
            for key, (_, value) in body.pairs.items()
            if key in AccountKeys.model_fields
        }
        known = {*AccountKeys.model_fields, *kind.credentials.model_fields}
        for key in sorted(beside - known - {"credentials"}):
            hint = key_problems.nearest(key, known)
            self.refuse(body.pairs[key][0], f"unknown key {shown(key)}: {hint}")
        try:
            return AccountKeys.model_validate(given)
        except ValidationError as error:
            for detail in error.errors():
                self._add(detail, AccountKeys, body)
            return None

    def _credentials(
        self,
        name: str,
        kind: Kind,
        body: document.Mapping,
        beside: set[str],
        within: Node | None,
    ) -> Any:
        """Return the provider's credentials, from beside the other keys or under `credentials`."""
        if within is not None and not isinstance(within, document.Mapping):
            example = next(iter(kind.credentials.model_fields))
            self.refuse(within, f"credentials: expected keys such as {example}")
            return None
        model = kind.credentials
        source = body if within is None else within
        wanted = [key for key in source.pairs if key in model.model_fields]
        if within is not None:
            for key in sorted(set(within.pairs) - set(model.model_fields)):
                hint = key_problems.nearest(key, model.model_fields)
                self.refuse(within.pairs[key][0], f"unknown key {shown(key)}: {hint}")
            for key in sorted(beside & set(model.model_fields)):
                self.refuse(body.pairs[key][0], f"{key}: put it under credentials, as the others")
        taken = {key: self._taken(name, key, source.pairs[key][1], model) for key in wanted}
        given = {key: value for key, value in taken.items() if value != ""}
        try:
            found = model.model_validate(given)
        except ValidationError as error:
            for detail in error.errors():
                self._add(detail, model, source)
            return None
        self._judge(found, kind, body, source)
        return found

    def _judge(
        self, found: Credentials, kind: Kind, body: document.Mapping, source: document.Mapping
    ) -> None:
        if not found.suffice and not self._fault:
            self.refuse(body, f"no credentials: expected {kind.credentials_keys}")
        try:
            found.called_countries()
        except ConfigError as error:
            message = f"countries: {str(error).partition(': ')[2]}"
            self.problems.append(Problem(str(self._path), message, *place_of(source, "countries")))

    def _taken(self, account: str, key: str, node: Node, model: type[BaseModel]) -> object:
        """Return the value of a credential, resolving `${…}`."""
        value = document.plain(node)
        if not isinstance(value, str):
            return value
        reference = _REFERENCE.fullmatch(value)
        if reference is None:
            if "${" in value:
                self.refuse(node, f"{key}: expected ${{NAME}} or ${{file:PATH}} as the whole value")
            elif "SecretStr" in str(model.model_fields[key].annotation):
                self._literals.append((account, key))
            return value
        return self._from_file(key, reference[2]) if reference[1] else self._set(key, reference[2])

    def _set(self, key: str, name: str) -> str:
        found = self._lookup(name)
        if not found:
            self._fault = self._fault or f"{key}: the variable {name} is not set"
        return found or ""

    def _from_file(self, key: str, name: str) -> str:
        path = self._path.parent / Path(name)  # only the file's name if the path is absolute
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_SECRET_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            self._fault = self._fault or f"{key}: {path} can't be read: {why}"
            return ""
        if not text:
            self._fault = self._fault or f"{key}: {path} is empty"
        return text

    def _add(self, detail: ErrorDetails, model: type[BaseModel], source: document.Mapping) -> None:
        message = f"{key_problems.dotted(detail['loc'])}: {key_problems.expected(detail, model)}"
        if any("secret" in str(part) or "token" in str(part) for part in detail["loc"]):
            message = message.partition(", got ")[0]
        self.problems.append(Problem(str(self._path), message, *place_of(source, *detail["loc"])))
