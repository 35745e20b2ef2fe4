#!/usr/bin/python3
"""Checks exactly_once.pml with spin: the protocol is right in every state that can be reached, and each planted bug is found.

    check_protocol.py           all of it: seconds
    check_protocol.py NAME      the way to a planted bug, step by step

Exit status: 0, 1 when a state violates what must hold or a bug is not found, 77 where spin or a C compiler is missing.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exactly_once.pml")
BUGS = ("BLIND_UPDATE", "NO_REREAD", "NO_WAIT", "CHECKPOINT_APART", "TRIM_BY_ACK")
NOT_HERE = 77


def explore(folder, *defines):
    """(violations, states, reached the end of the search)"""
    words = [f"-D{define}" for define in defines]
    subprocess.run(["spin", "-a", *words, MODEL], cwd=folder, check=True, capture_output=True)
    subprocess.run(["cc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", "-o", "pan", "pan.c"], cwd=folder, check=True)
    said = subprocess.run(["./pan", "-m100000"], cwd=folder, capture_output=True, text=True, timeout=600).stdout
    errors = int(re.search(r"errors: (\d+)", said)[1])
    states = int(re.search(r"(\d+) states, stored", said)[1])
    is_complete = "Search not completed" not in said and "max search depth too small" not in said
    return errors, states, is_complete


def show(folder, bug):
    model = shutil.copy(MODEL, folder)
    for writers in (1, 2):
        words = [f"-D{bug}", f"-DWRITERS={writers}"]
        subprocess.run(["spin", "-a", *words, model], cwd=folder, check=True, capture_output=True)
        subprocess.run(["cc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", "-o", "pan", "pan.c"], cwd=folder,
                       check=True)
        subprocess.run(["./pan", "-m100000", "-i"], cwd=folder, capture_output=True)
        if os.path.exists(model + ".trail"):
            return subprocess.run(["spin", "-t", "-p", *words, model], cwd=folder).returncode
    print(f"{bug} is not found")
    return 1


def main():
    if not shutil.which("spin") or not shutil.which("cc"):
        print("spin is not installed (apt-get install spin), or no C compiler")
        return NOT_HERE
    with tempfile.TemporaryDirectory(prefix="tapeline-models-") as folder:
        if len(sys.argv) > 1:
            return show(folder, sys.argv[1])
        failed = 0
        for writers in (1, 2):
            errors, states, is_complete = explore(folder, f"WRITERS={writers}")
            is_right = errors == 0 and is_complete
            print(f"the protocol, {writers} writers: {states} states, {'all of them right' if is_right else 'WRONG'}", flush=True)
            failed += not is_right
        for bug in BUGS:
            found = next((writers for writers in (1, 2) if explore(folder, bug, f"WRITERS={writers}")[0]), None)
            print(f"{bug}: {f'found with {found} writers' if found else 'NOT FOUND'}", flush=True)
            failed += found is None
        return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
