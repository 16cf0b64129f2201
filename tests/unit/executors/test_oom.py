"""What the kernel's counters say about a worker that was killed by SIGKILL."""

import signal

import pytest

from poolviz.executors.oom import MACHINE, OUTER, OWN, OomKills

SIGKILL = -signal.SIGKILL


class Machine:
    """A directory with the files of /proc and /sys that matter."""

    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def counts(self, path, n):
        zeros = "low 0\nhigh 0\nmax 41\noom 3\noom_group_kill 0\n" if path.endswith("events") else "oom_kill_disable 0\nunder_oom 0\n"
        self.write(path, f"{zeros}oom_kill {n}\n")

    def vmstat(self, n):
        self.write("proc/vmstat", f"nr_free_pages 81\noom_kill {n}\nunevictable_pgs_scanned 0\n")

    def kills(self):
        return OomKills(str(self.root))


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    made.vmstat(5)
    return made


def version_2(machine):
    machine.write("proc/self/cgroup", "0::/user.slice/jupyter.scope\n")
    return "sys/fs/cgroup/user.slice/jupyter.scope/memory.events", "sys/fs/cgroup/user.slice/memory.events"


def version_1(machine):
    machine.write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/batch/job:7\n0::/\n")
    return "sys/fs/cgroup/memory/batch/job:7/memory.oom_control", "sys/fs/cgroup/memory/batch/memory.oom_control"


def beside_version_1(machine):
    machine.write("proc/self/cgroup", "4:cpuset:/\n0::/a/b\n")
    return "sys/fs/cgroup/unified/a/b/memory.events", "sys/fs/cgroup/unified/a/memory.events"


@pytest.fixture(params=[version_2, version_1, beside_version_1])
def cgroups(machine, request):
    files = request.param(machine)
    for file in files:
        machine.counts(file, 2)
    return files


def test_no_counter_has_grown(machine, cgroups):
    assert machine.kills().evidence(SIGKILL) == ""


def test_own_cgroup_is_the_best_evidence(machine, cgroups):
    kills = machine.kills()
    for file in cgroups:
        machine.counts(file, 3)
    machine.vmstat(6)
    assert kills.evidence(SIGKILL) == OWN


def test_outer_cgroup_speaks_of_others_too(machine, cgroups):
    kills = machine.kills()
    machine.counts(cgroups[1], 3)
    machine.vmstat(6)
    assert kills.evidence(SIGKILL) == OUTER
    assert "probably" in OUTER and "probably" in MACHINE and "probably" not in OWN


def test_machine_counts_all_processes(machine, cgroups):
    kills = machine.kills()
    machine.vmstat(6)
    assert kills.evidence(SIGKILL) == MACHINE


def test_each_death_needs_a_kill_of_its_own(machine, cgroups):
    kills = machine.kills()
    machine.counts(cgroups[0], 4)
    assert [kills.evidence(SIGKILL) for _ in range(3)] == [OWN, OWN, ""]


@pytest.mark.parametrize("code", [None, 0, 1, 137, -signal.SIGTERM, -signal.SIGSEGV])
def test_other_ends_are_no_matter_of_memory(machine, cgroups, code):
    kills = machine.kills()
    machine.counts(cgroups[0], 9)
    assert kills.evidence(code) == ""


def test_container_that_names_the_group_of_its_host(machine):
    # The path is that of the host, and the container sees its own group as the root of what is mounted.
    machine.write("proc/self/cgroup", "4:memory:/docker/8f2a\n")
    machine.counts("sys/fs/cgroup/memory/memory.oom_control", 0)
    kills = machine.kills()
    machine.counts("sys/fs/cgroup/memory/memory.oom_control", 1)
    assert kills.evidence(SIGKILL) == OWN


def test_nothing_can_be_read(tmp_path):
    assert OomKills(str(tmp_path / "nowhere")).evidence(SIGKILL) == ""


def test_counters_that_vanish_or_are_nonsense(machine):
    file, outer = version_2(machine)
    machine.counts(file, 1)
    machine.write(outer, "oom_kill\noom_kill many\n\xff\n")
    (machine.root / "sys/fs/cgroup/memory.events").mkdir(parents=True)
    kills = machine.kills()
    (machine.root / file).unlink()
    (machine.root / "proc/vmstat").unlink()
    assert kills.evidence(SIGKILL) == ""


def test_this_machine_is_read_without_trouble():
    assert OomKills().evidence(SIGKILL) == ""
