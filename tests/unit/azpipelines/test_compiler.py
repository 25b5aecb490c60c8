"""The door: what a caller gets."""

from shipway.azpipelines import compiler
from shipway.azpipelines.compiler import CompileContext, CompileResult, FileMissing
from shipway.azpipelines.expand.includes import RepositoryMissing


class Files:
    def __init__(self, **texts: str) -> None:
        self._texts = texts
        self.asked: list[tuple[str, str]] = []

    def read(self, repository_alias: str, path: str) -> str:
        self.asked.append((repository_alias, path))
        if repository_alias == "gone":
            raise RepositoryMissing("Repository gone could not be read")
        name = path.removesuffix(".yml")
        if name not in self._texts:
            raise FileMissing
        return self._texts[name]


def _compiled(**texts: str) -> CompileResult:
    return compiler.compile(files=Files(**texts), path="p.yml")


def test_errors_are_told_as_the_service_tells_them() -> None:
    result = _compiled(p="steps:\n- scrip: echo\n- task: Bash\n")
    assert result.error_text == (
        "/p.yml (Line: 2, Col: 3): Unexpected value 'scrip'\n"
        "/p.yml (Line: 3, Col: 9): Unable to parse the task reference 'Bash'"
    )


def test_hints_name_the_nearest_word() -> None:
    result = _compiled(p="steps:\n- scrip: echo\n")
    assert result.diagnostics[0].hint == "Did you mean 'script'?"
    assert result.diagnostics[0].short_text() == (
        "p.yml:2:3: Unexpected value 'scrip' Did you mean 'script'?"
    )


def test_a_missing_entry_file_is_an_error_without_a_place() -> None:
    result = _compiled()
    assert [(one.code, one.line) for one in result.diagnostics] == [("file-missing", 0)]
    assert result.error_text == "File /p.yml not found in repository self"


def test_a_repository_that_cannot_be_read_is_told_where_it_is_used() -> None:
    text = (
        "resources: {repositories: [{repository: gone, name: x}]}\nsteps:\n- template: a.yml@GONE\n"
    )
    found = _compiled(p=text).diagnostics[0]
    assert (found.message, found.line, found.column) == (
        "Repository gone could not be read",
        3,
        13,
    )


def test_each_file_is_read_once() -> None:
    files = Files(p="steps:\n- template: t.yml\n- template: ./t.yml\n", t="steps: [bash: x]")
    assert compiler.compile(files=files, path="p.yml").plan is not None
    assert files.asked == [("self", "p.yml"), ("self", "t.yml")]


def test_warnings_do_not_stop_a_compilation() -> None:
    result = _compiled(p="pool: {name: x, os: linux}\nsteps: []")
    assert [one.severity for one in result.diagnostics] == ["warning"]
    assert result.plan is not None
    assert result.error_text == ""


def test_refused_features_compile_where_nothing_is_refused() -> None:
    files = Files(p="jobs:\n- job: a\n  container: ubuntu\n")
    context = CompileContext(refuse=frozenset())
    result = compiler.compile(files=files, path="p.yml", context=context)
    assert result.plan is not None
    container = result.plan.stages[0].jobs[0].container
    assert container is not None
    assert container.image == "ubuntu"


def test_secret_variables_do_not_reach_the_plan() -> None:
    files = Files(p="steps:\n- script: echo ${{ variables.token }}.\n")
    context = CompileContext(variables={"Token": "s3cret"}, secret_names=frozenset({"TOKEN"}))
    result = compiler.compile(files=files, path="p.yml", context=context)
    assert result.plan is not None
    assert "s3cret" not in str(result.plan.to_json())


def test_only_so_many_diagnostics_are_kept() -> None:
    result = _compiled(p="steps:\n" + "- x: y\n" * 5000)
    assert len(result.diagnostics) == 200


def test_a_value_for_a_variable_of_the_system_is_warned_of() -> None:
    found = _compiled(p="variables: {Build.SourceBranch: x, mine: y}\nsteps: [{script: echo}]\n")
    (warning,) = [d for d in found.diagnostics if d.severity == "warning"]
    assert (warning.code, warning.line, warning.column) == ("system-variable", 1, 13)
    assert "'Build.SourceBranch'" in warning.message
