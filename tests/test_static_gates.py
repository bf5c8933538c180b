"""What must not stand in the code, whatever the tests say: unsafe calls, sleeping tests, waits in the step loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import FAMILIES, entries
from tests.sources import Source, dotted_name, imports, read, sources

Rule = Callable[[Source], Iterator[tuple[ast.AST, str]]]

UNPICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call of a file with the dotted name of what is called."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, dotted_name(node.func)


def is_true(call: ast.Call, keyword: str) -> bool:
    """Whether a call has `keyword=` with anything but a literal False."""
    return any(
        item.arg == keyword and not (isinstance(item.value, ast.Constant) and item.value.value is False)
        for item in call.keywords
    )


def is_fixed(expression: ast.expr) -> bool:
    """Whether an expression is made of literals and of names in capitals only."""
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    calls = any(isinstance(node, ast.Call) for node in ast.walk(expression))
    return not calls and all(name.isupper() for name in names)


def unsafe(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Whatever could run what a user supplies."""
    for node, module in imports(source):
        if module.split(".")[0] in UNPICKLERS:
            yield node, f"import {module}"
    for call, name in calls(source):
        last = name.rsplit(".", 1)[-1]
        if name in ("eval", "exec", "builtins.eval", "builtins.exec", "os.system", "os.popen"):
            yield call, name
        elif name == "torch.load" and not is_true(call, "weights_only"):
            yield call, "torch.load without weights_only=True"
        elif last in ("extractall", "read_pickle") or name in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"):
            yield call, name
        elif is_true(call, "shell"):
            yield call, "shell=True"
        elif is_true(call, "allow_pickle"):
            yield call, "allow_pickle=True"
        elif (is_true(call, "unsafe_allow_html") or name == "st.html") and not (call.args and is_fixed(call.args[0])):
            yield call, "HTML that is not a literal"


def sleeping(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Waiting for a time instead of a condition."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time" and any(n.name == "sleep" for n in node.names):
            yield node, "from time import sleep"
    for call, name in calls(source):
        if name.endswith(("time.sleep", "wait_for_timeout")):
            yield call, name
        elif name == "asyncio.sleep" and not (
            call.args and isinstance(call.args[0], ast.Constant) and float(call.args[0].value) <= 0.05  # pyright: ignore
        ):
            yield call, "asyncio.sleep for more than a poll's 0.05 s"


def synchronizing(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """What makes the host wait for the device, or copies between them."""
    for call, name in calls(source):
        if name in ("torch.tensor", "torch.as_tensor") or name.endswith((".to", ".item", ".cpu", ".tolist", ".numpy")):
            yield call, name


def keys_by_name(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """An entry's key compared with a literal, where a trait should be asked."""
    known = {key for family in FAMILIES for key in entries(family)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            literals = {str(leaf.value) for side in sides for leaf in ast.walk(side) if isinstance(leaf, ast.Constant)}
            if any(isinstance(side, ast.Attribute) and side.attr == "key" for side in sides) and literals & known:
                yield node, f"a key compared with {sorted(literals & known)}"


def kept_alone(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """`keep` whose value is not handed to the control: a browser on a slow machine would begin elsewhere."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and dotted_name(node.value.func) == "keep":
            yield node, "keep() whose value begins no control"


def unfinished(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Words of work that is not done."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        word = re.search(r"\b(TODO|FIXME|XXX)\b|(?i:coming soon|not implemented)", line)
        if word:
            yield ast.Constant(value=None, lineno=number, col_offset=0), word[0]


def found(rule: Rule, files: tuple[Source, ...]) -> list[str]:
    """Every breach of a rule as `path:line: what`."""
    return [f"{source.where(node)}: {what}" for source in files for node, what in rule(source)]


THIS_FILE = "tests/test_static_gates.py"


def loop_files() -> tuple[Source, ...]:
    """The files whose code runs on every step, and nothing but that."""
    training = ("loop.py", "update.py", "guard.py", "feed.py", "instruments")
    catalog = ("augmentations", "losses", "regularizers/terms.py", "regularizers/counter_dropout.py")
    return sources(*(f"core/training/{name}" for name in training), *(f"core/catalog/{name}" for name in catalog))


def test_nothing_runs_what_a_user_supplies():
    assert found(unsafe, sources("app.py", "pages", "core", "bench")) == []


def test_no_test_sleeps():
    assert found(sleeping, sources("tests")) == []


def test_the_step_loop_never_waits_for_the_device():
    assert {"core/training/loop.py", "core/training/instruments/norms.py"} <= {file.path for file in loop_files()}
    assert found(synchronizing, loop_files()) == []


def test_code_asks_traits_and_not_keys():
    assert found(keys_by_name, sources("app.py", "pages", "core")) == []


def test_a_control_begins_with_the_value_it_is_kept_at():
    assert found(kept_alone, sources("pages")) == []


def test_nothing_is_left_unfinished():
    assert found(unfinished, tuple(file for file in sources() if file.path != THIS_FILE)) == []


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (unsafe, "torch.load(path)"),
        (unsafe, "torch.load(path, weights_only=False)"),
        (unsafe, "import pickle"),
        (unsafe, "from joblib import load"),
        (unsafe, "eval(text)"),
        (unsafe, "exec(text)"),
        (unsafe, "archive.extractall(folder)"),
        (unsafe, "yaml.load(text)"),
        (unsafe, "subprocess.run(line, shell=True)"),
        (unsafe, "np.load(path, allow_pickle=True)"),
        (unsafe, "st.markdown(f'<b>{name}</b>', unsafe_allow_html=True)"),
        (unsafe, "st.html(text)"),
        (unsafe, "st.html(TEMPLATE.format(name))"),
        (sleeping, "time.sleep(1)"),
        (sleeping, "from time import sleep"),
        (sleeping, "page.wait_for_timeout(100)"),
        (sleeping, "await asyncio.sleep(1)"),
        (synchronizing, "torch.tensor([1.0])"),
        (synchronizing, "torch.as_tensor(values)"),
        (synchronizing, "x.to(device)"),
        (synchronizing, "loss.item()"),
        (synchronizing, "(a + b).cpu()"),
        (synchronizing, "norms[0].tolist()"),
        (kept_alone, "keep(key, value)"),
        (unfinished, "x = 1  # TODO"),
        (unfinished, "# Coming soon"),
    ],
)
def test_a_breach_is_found(rule: Rule, line: str):
    assert len(found(rule, (read(line),))) == 1


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (unsafe, "torch.load(path, weights_only=True)"),
        (unsafe, "model.eval()"),
        (unsafe, "st.markdown('<b>bold</b>', unsafe_allow_html=True)"),
        (unsafe, "st.html(ASSETS / 'pages.css')"),
        (unsafe, "subprocess.run(arguments, shell=False)"),
        (sleeping, "event.wait(0.01)"),
        (sleeping, "await asyncio.sleep(0.01)"),
        (synchronizing, "total.add_(loss)"),
        (kept_alone, "st.toggle(label, keep(key, value), key=key)"),
        (unfinished, "st.text_input('name', placeholder='a name')"),
    ],
)
def test_what_is_allowed_passes(rule: Rule, line: str):
    assert found(rule, (read(line),)) == []


def test_a_key_compared_by_name_is_found():
    line = "if experiment.architecture.activation.key in ('relu', 'other'): pass"
    assert len(found(keys_by_name, (read(line),))) == 1
