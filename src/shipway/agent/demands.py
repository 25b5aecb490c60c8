"""What this machine's agent can do, and whether that is what a job demands.

Capabilities are the agent's own facts, the programs that Azure's agent looks for, and the lines
`NAME=VALUE` of the file `.capabilities` in the state folder, which win. Source:
https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/pool-demands and the agent's
capabilities providers.
"""

import re
import shutil
from collections.abc import Mapping, Sequence

from shipway.agent.job_context import JobContext
from shipway.base.home import Home

_PROGRAMS = {
    "ant": "ant", "AzureGuestAgent": "waagent", "bundler": "bundle", "clang": "clang",
    "cmake": "cmake", "curl": "curl", "docker": "docker", "dotnet": "dotnet", "git": "git",
    "gulp": "gulp", "java": "java", "JDK": "javac", "make": "make", "maven": "mvn",
    "MSBuild": "msbuild", "node.js": "node", "npm": "npm", "PowerShell": "pwsh",
    "python": "python", "python3": "python3", "rake": "rake", "ruby": "ruby", "sh": "sh",
    "subversion": "svn", "svn": "svn",
}  # fmt: skip
_FACTS = (
    "Agent.Name", "Agent.OS", "Agent.OSArchitecture", "Agent.OSVersion", "Agent.Version",
    "Agent.HomeDirectory",
)  # fmt: skip
_DEMAND = re.compile(r"^\s*(\S+)(?:\s+-(equals|gtVersion)\s+(.*?))?\s*$", re.IGNORECASE)
# the service adds this to what a job demands itself
_ALWAYS = "Agent.Version -gtVersion 2.163.1"
CAPABILITIES = ".capabilities"


def unmet(job: JobContext, demands: Sequence[str], *, pool: str) -> str:
    """Why this agent may not take a job, in the service's words; empty when it may."""
    wanted = [job.variables.expand(demand).strip() for demand in demands]
    capabilities = of_machine(job)
    for demand in wanted:
        if not is_met(demand, capabilities):
            name = demand.split()[0] if demand else ""
            return (
                f"No agent found in pool {pool} which satisfies the following demand: {name}. "
                f"All demands: {', '.join([*wanted, _ALWAYS])}"
            )
    return ""


def of_machine(job: JobContext) -> dict[str, str]:
    """The capabilities of the agent that runs a job, by name."""
    found = {name: job.variables.get(name) for name in _FACTS}
    found["Agent.ComputerName"] = job.variables.get("Agent.MachineName")
    found["InteractiveSession"] = "False"
    for name, program in _PROGRAMS.items():
        place = shutil.which(program, path=job.search_path())
        if place:
            found[name] = place
    found.setdefault("python", "python")  # every job has one of its own
    return found | _written(job.store.home)


def is_met(demand: str, capabilities: Mapping[str, str]) -> bool:
    """Whether capabilities satisfy `name`, `name -equals value` or `name -gtVersion 1.2`."""
    parsed = _DEMAND.match(demand)
    if parsed is None:
        return False
    folded = {name.casefold(): value for name, value in capabilities.items()}
    have = folded.get(parsed[1].casefold())
    if have is None or parsed[2] is None:
        return have is not None
    if parsed[2].lower() == "equals":
        return have.casefold() == parsed[3].casefold()
    return _version(have) >= _version(parsed[3])


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _written(home: Home) -> dict[str, str]:
    """The capabilities that the owner of this machine gives its agent."""
    file = home.root / CAPABILITIES
    if not file.exists():
        return {}
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines if line.find("=") > 0)
    return {name.strip(): value.strip() for name, _, value in pairs}
