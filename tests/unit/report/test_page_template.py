"""The page's HTML, CSS and JavaScript: joined, installed, and part of the code of its rule."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from clusterability_workflow.provenance import made_by, web_files

from clusterability.report.page.template import MAIN, page_template, script_of
from project import LIBRARY, ROOT, TESTS

WEB = LIBRARY / "report" / "page" / "web"
MODULES = sorted(file.name for file in WEB.glob("*.mjs"))
USED = r"(?:(?<![.\w\"'`])|(?<=\.\.\.))"
"""What may stand before a name that is used: no dot, but for three."""
NAMES = re.compile(r"^(?:export )?(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.mjs").write_text(text)
    return folder


def test_a_module_follows_those_that_it_imports_and_comes_once(tmp_path):
    folder = write(
        tmp_path,
        main='import {two} from "./two.mjs";\nimport {one} from "./one.mjs";\nrun(one, two);\n',
        two='import {\n  one,\n} from "./one.mjs";\nexport const two = one + 1;\n',
        one="// The first.\nexport let one = 1;\nexport async function wait() {}\n",
    )
    assert script_of(folder).split("\n") == [
        "// The first.",
        "let one = 1;",
        "async function wait() {}",
        "",
        "const two = one + 1;",
        "",
        "run(one, two);",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('import * as other from "./one.mjs";\n', "main.mjs: found 'import \\* as other"),
        ("export default 1;\n", "main.mjs: found 'export default 1;'"),
        ("export {one};\n", "main.mjs: found"),
        ('import {one} from "./one.mjs";\n', "each other: main.mjs, one.mjs, main.mjs"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path, text, said):
    write(tmp_path, main=text, one='import {two} from "./main.mjs";\n')
    with pytest.raises(ValueError, match=said):
        script_of(tmp_path)


def test_all_modules_are_on_the_page_and_their_names_differ():
    page = page_template()
    names = [name for module in MODULES for name in NAMES.findall((WEB / module).read_text())]
    assert len(names) > 50
    assert sorted(set(names)) == sorted(names)
    for name in names:
        assert re.search(rf"^(async )?(function|const|let) {name}\b", page, re.MULTILINE), name
    for module in MODULES:
        first = (WEB / module).read_text().split("\n")[0]
        assert first.startswith("// ")
        assert page.count(first) == 1


def test_a_module_imports_all_that_it_uses_of_others():
    """A browser would not miss it in the joined script, but node would."""
    owners = {
        name: module for module in MODULES for name in NAMES.findall((WEB / module).read_text())
    }
    for module in MODULES:
        text = (WEB / module).read_text()
        imported = {
            name: file
            for names, file in re.findall(
                r'^import \{([^}]*)\} from "\./(.*)";$', text, re.MULTILINE
            )
            for name in re.split(r",\s*", names.strip().rstrip(","))
        }
        assert imported.items() <= owners.items(), module
        body = re.sub(r"^import .*$|//.*$", "", text, flags=re.MULTILINE)
        unused = [name for name in imported if not re.search(rf"{USED}{name}\b", body)]
        assert unused == [], module
        for name, owner in owners.items():
            if owner != module and re.search(rf"{USED}{name}\(", body):
                assert name in imported, (module, name)


def test_the_page_names_no_address_and_ends_no_script_early():
    page = page_template()
    found = re.findall(r"https?://[^\"]*", page)
    assert found == ["http://www.w3.org/2000/svg"]  # the name of a format
    assert page.count("<script") == page.count("</script>") == 2
    assert "<!--" not in page


def test_editing_any_file_makes_the_page_again():
    names = {file.relative_to(LIBRARY).as_posix() for file in WEB.iterdir()}
    assert {f"report/page/web/{MAIN}", "report/page/web/explore.css"} < names
    files = web_files("report/page/web")
    assert set(files) == names
    code = made_by("explore.py", *files)["code"]
    assert {f"src/clusterability/{name}" for name in names} <= set(code)
    assert 'web_files("report/page/web")' in (ROOT / "rules" / "explore.smk").read_text()


def test_all_files_are_installed():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]["clusterability"]
    for file in WEB.iterdir():
        name = file.relative_to(LIBRARY).as_posix()
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name


def test_pure_functions_of_the_modules():
    """By node, where it is: nobody who runs a study needs it."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("found no node: the modules are tested in a browser alone")
    tests = TESTS / "unit" / "report" / "page_modules.test.mjs"
    done = subprocess.run([node, "--test", str(tests)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE)
