import os
import queue
import sys
import time

import pytest
from jupyter_client.manager import KernelManager

#: Seconds after which whatever is waited for will not come.
LIMIT = 60


class Kernel:
    """A real kernel, and what it says."""

    def __init__(self, **variables):
        self._manager = KernelManager()
        self._manager.kernel_spec.argv[0] = sys.executable
        self._manager.start_kernel(env={**os.environ, **variables})
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=LIMIT)

    def start(self, code, cell_id=None):
        """Begin to run a cell, of a notebook if it has an id; gives its message's id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self._client.session.msg("execute_request", content, metadata={} if cell_id is None else {"cellId": cell_id})
        self._client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def next_message(self, limit=LIMIT):
        """The next message on iopub."""
        try:
            return self._client.get_iopub_msg(timeout=limit)
        except queue.Empty:
            raise AssertionError(f"no message within {limit} s") from None

    def until(self, wanted):
        """All messages up to the first for which `wanted(message)`; that one is the last."""
        messages, deadline = [], time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            messages.append(self.next_message())
            if wanted(messages[-1]):
                return messages
        raise AssertionError(f"not within {LIMIT} s; got {[message['msg_type'] for message in messages]}")

    def run(self, code, cell_id=None):
        """Run a cell to its end; gives all messages until then, whosever they are."""
        cell = self.start(code, cell_id)
        messages = self.until(lambda message: idle(message, cell))
        for message in messages:
            assert message["msg_type"] != "error", "\n".join(message["content"]["traceback"])
        return messages

    def subshell(self):
        """Open a further shell, whose messages are handled while a cell runs; gives its id."""
        request = self._client.session.msg("create_subshell_request", {})
        self._client.control_channel.send(request)
        reply = self._client.get_control_msg(timeout=LIMIT)
        assert reply["content"]["status"] == "ok", reply["content"]
        return reply["content"]["subshell_id"]

    def say(self, comm_id, content, subshell=None):
        """Send a custom message to a widget, as its page does."""
        message = self._client.session.msg("comm_msg", {"comm_id": comm_id, "data": {"method": "custom", "content": content}})
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)

    @property
    def pid(self):
        """The kernel's process."""
        return self._manager.provisioner.pid

    def interrupt(self):
        """What the stop button does."""
        self._manager.interrupt_kernel()

    def restart(self):
        """What the restart button does."""
        self._manager.restart_kernel(now=False)
        self._client.wait_for_ready(timeout=LIMIT)

    def stop(self, now=True):
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=now)


def until(condition, limit=LIMIT):
    """Wait for a condition, with a limit in seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit} s"
        time.sleep(0.02)


def idle(message, cell):
    return (
        message["msg_type"] == "status" and message["content"]["execution_state"] == "idle" and message["parent_header"]["msg_id"] == cell
    )


@pytest.fixture
def kernel():
    running = Kernel()
    yield running
    running.stop()


@pytest.fixture
def kernel_with():
    """Makes kernels with further variables in their environment."""
    running = []

    def make(**variables):
        running.append(Kernel(**variables))
        return running[-1]

    yield make
    for each in running:
        each.stop()
