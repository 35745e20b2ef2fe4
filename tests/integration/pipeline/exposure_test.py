"""What can be reached from outside, and what hostile clients can do: nothing beyond loopback, and nothing to the pipeline."""
import errno
import http.client
import json
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import unittest

import fuzz_client
import harness

FUZZ_S = float(os.environ.get("TAPELINE_FUZZ_SECONDS", "6"))
SEED = int(os.environ.get("TAPELINE_FUZZ_SEED", "1"))
OUTSIDE = "192.0.2.1"  # an address of the machine that is not loopback, for documentation (RFC 5737)


def open_ports(host):
    """A port scan: every TCP port is connected to."""
    found, selector, waiting = set(), selectors.DefaultSelector(), 0
    for port in range(1, 65536):
        client = socket.socket()
        client.setblocking(False)
        if client.connect_ex((host, port)) in (0, errno.EINPROGRESS):
            selector.register(client, selectors.EVENT_WRITE, port)
            waiting += 1
        else:
            client.close()
        if waiting > 200 or (port == 65535 and waiting):
            while waiting:
                for key, _ in selector.select(5):
                    # A client whose own port is the one that it tries connects to itself.
                    if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and key.fileobj.getsockname()[1] != key.data:
                        found.add(key.data)
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                    waiting -= 1
    return sorted(found)


def scan_inside(config, var):
    """Runs in a network of its own: the simulator, the pipeline as configured, and a scan of the machine's outer address."""
    for words in (["link", "set", "lo", "up"], ["addr", "add", f"{OUTSIDE}/32", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)
    simulator = harness.Simulator("--seed", "3")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace("SIMULATOR", simulator.address.removeprefix("http://")))
    running = harness.tapeline_in_background("run", "--config", config, "--plain", var=var)
    try:
        harness.until(lambda: "serves http://127.0.0.1:8087" in running.stderr or running.process.poll() is not None, "it serves")
        with socket.create_server(("0.0.0.0", 0)) as control:  # what the scan must be able to find
            answer = {"outside": open_ports(OUTSIDE), "control": control.getsockname()[1]}
            loopback = (8087, control.getsockname()[1], int(simulator.address.rsplit(":", 1)[1]))
            answer["loopback"] = [port for port in loopback if socket.create_connection(("127.0.0.1", port), timeout=5).close() is None]
        with open("/proc/net/udp", encoding="utf-8") as udp, open("/proc/net/udp6", encoding="utf-8") as udp6:
            answer["udp"] = udp.read().splitlines()[1:] + udp6.read().splitlines()[1:]
        answer["status"] = running.end()
        print(json.dumps(answer))
    finally:
        running.close()
        simulator.close()


class Exposure(harness.PipelineTest):
    def test_a_port_scan_of_the_default_configuration_finds_nothing_beyond_loopback(self):
        harness.require(shutil.which("unshare") and shutil.which("ip"), "no unshare or ip")
        apart = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
        harness.require(apart.returncode == 0, "no network of its own can be had: not root")
        with open(os.path.join(harness.ROOT, "config/default.toml"), encoding="utf-8") as file:
            text = file.read()
        # The default configuration with one source to run on.
        text, changed = re.subn(r'(\[sources\.binance\]\n#[^\n]*\n)enabled = false(.*?)symbols = \{\}(.*?)websocket_url = "[^"]*"',
                                r'\1enabled = true\2symbols = { "BTC-USD" = "BTCUSDT" }\3websocket_url = "ws://SIMULATOR"', text, flags=re.DOTALL)
        self.assertEqual(changed, 1)
        done = subprocess.run(["unshare", "--net", sys.executable, "-B", os.path.abspath(__file__), "inside", self.config(text), self.servers.var],
                              capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(found["status"], 0)
        self.assertEqual(found["outside"], [found["control"]])
        self.assertEqual(len(found["loopback"]), 3, "what is to be reached is reached")
        self.assertEqual(found["udp"], [])

    def test_published_ports_of_the_compose_file_are_on_loopback(self):
        with open(os.path.join(harness.ROOT, "docker/compose.yaml"), encoding="utf-8") as file:
            ports = re.findall(r'ports: \["([^"]*)"\]', file.read())
        self.assertGreaterEqual(len(ports), 3)
        for port in ports:
            self.assertTrue(port.startswith("${BIND:-127.0.0.1}:"), port)

    def metrics(self):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("GET", "/metrics")
            return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                    for line in connection.getresponse().read().decode().splitlines() if not line.startswith("#")}
        finally:
            connection.close()

    def patient_metrics(self):
        """Beside the storm, which may hold every session there is."""
        def ask():
            try:
                return self.metrics()
            except (OSError, http.client.HTTPException):
                return None
        return harness.until(ask, "/metrics answers")

    def test_hostile_clients_neither_crash_nor_stall_it(self):
        simulator = self.simulator("--seed", "3", "--rate", "500")
        config = self.config(f'lane = "stormed"\n[bars]\nintervals_s = [1]\n[sources.binance]\nenabled = true\n'
                             f'websocket_url = "ws://{simulator.address}"\nsymbols = {{ "BTC-USD" = "BTCUSDT" }}\n[dashboard]\nlisten = "127.0.0.1:0"\n')
        running = self.start("run", "--config", config, "--plain", "--json")
        self.address = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it serves").group(1)
        harness.until(lambda: self.servers.count_or_zero("fact_bar") > 1, "bars are stored")
        before = self.patient_metrics()
        storm = fuzz_client.Storm(self.address, SEED)
        try:
            # Rows keep being committed for as long as the storm lasts: in each part of it.
            committed = self.servers.count("tick")
            for _ in range(4):
                storm.over.wait(FUZZ_S / 4)
                self.assertIsNone(running.process.poll(), running.stderr[-4000:])
                harness.until(lambda: self.servers.count("tick") > committed, "ticks are stored beside the storm", 15)
                committed = self.servers.count("tick")
            harness.until(lambda: storm.clients > 100, "a hundred clients were there", 60)
        finally:
            clients = storm.stop()
        self.assertGreater(clients, 100)
        after = self.patient_metrics()
        self.assertEqual(after["tapeline_frames_lost_total"], 0)
        self.assertGreater(after["tapeline_ticks_total"], before["tapeline_ticks_total"])
        # Nothing of the storm stays: neither descriptors nor much memory.
        harness.until(lambda: self.metrics()["tapeline_process_open_fds"] <= before["tapeline_process_open_fds"] + 3, "descriptors are closed")
        self.assertLess(after["tapeline_process_resident_memory_bytes"], before["tapeline_process_resident_memory_bytes"] + 300e6)
        self.assertEqual(running.end(), 0, running.stderr[-4000:])
        summary = harness.summary_of(running.stdout)
        self.assertEqual(self.servers.count("tick"), summary["ticks"])


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "inside":
        scan_inside(*sys.argv[2:])
    else:
        unittest.main()
