"""What the reference says of each public name: all parameters with units, all that is raised, and where a rule comes from."""

import ast
import concurrent.futures
import inspect
import re
import textwrap
from typing import Any

import pytest

import poolviz

#: What a parameter of that name is measured in; its text says so.
UNITS = {"timeout": "seconds", "height": "pixels"}

#: Not called by users: `Trace` says who makes one.
MADE_ELSEWHERE = {"Trace"}

#: Names of the standard library's interface whose rules are Python's, and are linked to.
OF_PYTHON = {
    *("Executor", "ThreadPoolExecutor", "ProcessPoolExecutor", "Future", "wait", "as_completed"),
    *("Executor.submit", "Executor.map", "ThreadPoolExecutor.shutdown", "ProcessPoolExecutor.shutdown"),
    *("ProcessPoolExecutor.terminate_workers", "ProcessPoolExecutor.kill_workers"),
    *("Future.cancel", "Future.running", "Future.result", "Future.exception"),
}


def ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith("poolviz")


def public() -> dict[str, Any]:
    """Each function, class, method and property that users meet, by name."""
    found: dict[str, Any] = {}
    for name in poolviz.__all__:
        value = getattr(poolviz, name)
        if not ours(value):
            continue
        found[name] = value
        for base in value.__mro__ if inspect.isclass(value) else ():
            if ours(base):
                for member, it in vars(base).items():
                    if not member.startswith("_") and (inspect.isfunction(it) or isinstance(it, property)):
                        found.setdefault(f"{name}.{member}", it)
    return found


PUBLIC = public()


def sections(documentation: str) -> dict[str, dict[str, str]]:
    """Google style: for each section its entries, name to text."""
    found: dict[str, dict[str, str]] = {}
    for title, body in re.findall(r"^(Args|Raises):\n((?:(?: .*)?(?:\n|$))*)", documentation, re.MULTILINE):
        entries = re.findall(r"^    ([\w, .]+): (.*(?:\n {8}.*)*)", body, re.MULTILINE)
        found[title] = {name.strip(): text for names, text in entries for name in names.split(",")}
    return found


def documented(name: str) -> dict[str, dict[str, str]]:
    return sections(inspect.getdoc(PUBLIC[name]) or "")


def code(value: Any) -> Any:
    """The function that holds the code of a public name."""
    if isinstance(value, property):
        return value.fget
    return inspect.unwrap(value.__init__) if inspect.isclass(value) else value


def raised(function: Any) -> set[str]:
    """The exceptions of the raise statements in a function."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    statements = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    kinds = [statement.func if isinstance(statement, ast.Call) else statement for statement in statements]
    return {ast.unparse(kind) for kind in kinds if isinstance(kind, ast.Name | ast.Attribute)}


def test_the_names_are_found() -> None:
    assert {"Trace.save", "ProcessPoolExecutor.map", "Future.result", "Timeline.close", "load"} < PUBLIC.keys()
    assert raised(code(PUBLIC["ProcessPoolExecutor"])) == {"TypeError", "ValueError"}


@pytest.mark.parametrize("name", PUBLIC)
def test_each_parameter_is_explained(name: str) -> None:
    value = PUBLIC[name]
    assert (inspect.getdoc(value) or "").strip()
    if name in MADE_ELSEWHERE or isinstance(value, property) or (inspect.isclass(value) and not ours(value.__init__)):
        return
    parameters = [parameter for parameter in inspect.signature(code(value)).parameters if parameter != "self"]
    explained = documented(name).get("Args", {})
    assert [parameter for parameter in parameters if parameter not in explained] == []
    assert [parameter for parameter in explained if parameter not in parameters] == []
    assert [parameter for parameter in parameters if UNITS.get(parameter, "") not in explained[parameter]] == []


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if name not in MADE_ELSEWHERE and ours(code(value))])
def test_what_is_raised_is_said(name: str) -> None:
    said = {kind.rpartition(".")[2] for kind in documented(name).get("Raises", {})}
    assert {kind.rpartition(".")[2] for kind in raised(code(PUBLIC[name]))} <= said


@pytest.mark.parametrize("name", sorted(OF_PYTHON))
def test_a_rule_of_python_names_its_source(name: str) -> None:
    link = r"https://docs\.python\.org/3/library/concurrent\.futures\.html#concurrent\.futures\.([\w.]+)"
    (target,) = set(re.findall(link, inspect.getdoc(PUBLIC[name]) or ""))
    assert target.split(".")[-1] == name.split(".")[-1]


def test_no_name_of_python_is_forgotten() -> None:
    """Every public name that the standard library's classes have too, and that we define anew, is in the list above."""
    both = {name for name in PUBLIC if "." not in name and hasattr(concurrent.futures, name)}
    methods = {f"{kind}.{m}" for kind in ("Executor", "Future") for m in vars(getattr(concurrent.futures, kind)) if f"{kind}.{m}" in PUBLIC}
    assert both | methods <= OF_PYTHON
