"""./dev bench compare A B: instructions an item of two commits (or "." for the work tree), counted by callgrind.

The same work twice gives the same count: a difference is one of the code. Built for Haswell: callgrind knows no AVX-512.
Exit status 1 when a part of B takes more than 2 % more instructions than it took in A.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORSE = 1.02


def run(*command, where=ROOT):
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("bench compare: %s\n%s%s" % (" ".join(command), done.stdout[-2000:], done.stderr[-2000:]))
    return done.stdout


def source_of(commit):
    if commit == ".":
        return ROOT
    sha = run("git", "-c", "safe.directory=" + ROOT, "rev-parse", "--verify", commit + "^{commit}").strip()
    tree = os.path.join(ROOT, "build/compare", sha[:12])
    if not os.path.exists(os.path.join(tree, "CMakeLists.txt")):
        os.makedirs(tree, exist_ok=True)
        archive = subprocess.Popen(["git", "-c", "safe.directory=" + ROOT, "archive", sha], cwd=ROOT, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", tree], stdin=archive.stdout, check=True)
        archive.wait()
    if not os.path.exists(os.path.join(tree, "bench/instructions/main.cpp")):
        sys.exit("bench compare: %s has no bench/instructions: it is older than this comparison" % commit)
    return tree


def counts_of(commit):
    source = source_of(commit)
    build = os.path.join(source, "build/instructions")
    print("bench compare: building " + commit, file=sys.stderr, flush=True)
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if os.path.exists("/usr/bin/ccache") else []
    run("cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DTAPELINE_MARCH=haswell",
        "-DTAPELINE_TESTS=OFF", "-DTAPELINE_BENCH=ON", *launcher)
    run("ninja", "-C", build, "tapeline_instructions")
    with tempfile.TemporaryDirectory() as folder:
        told = run("valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=" + folder + "/out",
                   os.path.join(build, "bench/tapeline_instructions"))
        items = dict(line.split() for line in told.splitlines() if re.fullmatch(r"\S+ \d+", line))
        counts = {}
        for path in glob.glob(folder + "/out*"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            name = re.search(r"^desc: Trigger: Client Request: (\S+)$", text, re.MULTILINE)
            total = re.search(r"^totals: (\d+)", text, re.MULTILINE)  # "summary" is 0 where counting began late
            if name and total:
                counts[name.group(1)] = int(total.group(1)) / int(items[name.group(1)])
    return counts


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit("usage: ./dev bench compare A B    two commits; . is the work tree")
    before, after = counts_of(sys.argv[1]), counts_of(sys.argv[2])
    print("%-32s %14s %14s %8s" % ("instructions an item", sys.argv[1][:14], sys.argv[2][:14], "ratio"))
    worse = 0
    for name in after:
        if name not in before:
            print("%-32s %14s %14.1f" % (name, "-", after[name]))
            continue
        ratio = after[name] / before[name]
        worse += ratio > WORSE
        print("%-32s %14.1f %14.1f %8.3f%s" % (name, before[name], after[name], ratio, "  more" if ratio > WORSE else ""))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
