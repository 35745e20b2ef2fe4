#!/usr/bin/python3
"""Bugs that the pipeline must not have, each planted in a copy of one file: the simulation must find every one of them.

    planted_bugs.py list                   their names
    planted_bugs.py file NAME              the file that is changed
    planted_bugs.py sources NAME           those that are compiled again where that is a header
    planted_bugs.py plant NAME ROOT OUT    writes the copy with the bug (unchanged where its line is not there any more)
    planted_bugs.py find ROOT FOLDER       runs FOLDER/simulation_with_NAME for each: exit status 0 when all were found
"""
import os
import subprocess
import sys

SEEDS = 400

USERS = {"core/journal/segment.hpp": ("core/journal/journal_writer.cpp", "core/journal/journal_reader.cpp")}

BUGS = {
    "acknowledged_before_commit": (
        "sinks/postgres/session.cpp", "step_ = reply.changed == 1 ? Step::committing : Step::losing; break;",
        "static_cast<void>(reply.changed); return committed(work);"),
    "checkpoint_moved_blindly": (
        "sinks/postgres/session.cpp", "reply.changed == 1 ? Step::committing", "reply.changed <= 1 ? Step::committing"),
    "not_read_again_after_trouble": (
        "sinks/postgres/session.cpp", "case Kind::connect: step_ = Step::reading; break;",
        "case Kind::connect: step_ = checkpoint_ ? Step::idle : Step::reading; break;"),
    "lock_not_waited_for": (
        "sinks/postgres/session.cpp", "    step_ = Step::held;", "    step_ = checkpoint_ ? Step::idle : Step::held;"),
    "doubt_taken_for_another_writer": (
        "sinks/postgres/session.cpp", "if (work.batch_end != 0 && stored == work.batch_end) {",
        "if (work.batch_end == 1 && stored == work.batch_end) {"),
    "rollback_not_noticed": (
        "sinks/postgres/session.cpp", "if (stored == checkpoint()) {", "if (stored <= checkpoint()) {"),
    "checkpoint_before_rows": (
        "sinks/postgres/session.cpp", "case Kind::begin: step_ = Step::copying; break;",
        "case Kind::begin: step_ = Step::moving; break;"),
    "refused_row_forgotten": (
        "sinks/postgres/batch.cpp", "refused_.push_back(std::move(refused));", "static_cast<void>(refused);"),
    "batch_cut_inside_a_frame": (
        "sinks/postgres/row_collector.cpp", "batch_.rows() >= policy_.rows_max && frame_has_ended_",
        "batch_.rows() >= policy_.rows_max"),
    "rows_taken_while_batch_is_sent": (
        "sinks/postgres/row_collector.cpp", "if (is_cut_) return 0;", "if (is_cut_ && rows_.peek().empty()) return 0;"),
    "rows_of_recovered_frames_dropped": (
        "core/stages/kernels.cpp", "output_(options_.output,",
        "output_({.stored_position = options_.output.live_position, .live_position = options_.output.live_position,"
        " .recover_alerts_ns = options_.output.recover_alerts_ns},"),
    "alert_told_under_a_new_id": (
        "core/stages/kernel_output.cpp", "alert.id_sequence = (cause.position << 20U) + alert_ordinal_++;",
        "alert.id_sequence = static_cast<std::uint64_t>(wall_now_ns()) + alert_ordinal_++;"),
    "alerts_lost_that_redis_did_not_take": (
        "core/stages/cache.cpp", "receiver.next_alert += taken;", "receiver.next_alert += given.size();"),
    "torn_record_taken_for_whole": (
        "core/journal/segment.hpp", "if (verify == Verify::checksum && record_crc", "if (verify == Verify::lengths && record_crc"),
}


def plant(name, root, out):
    file, line, bug = BUGS[name]
    with open(os.path.join(root, file), encoding="utf-8") as source:
        text = source.read()
    with open(out, "w", encoding="utf-8") as target:
        target.write(text.replace(line, bug, 1))
    return line in text


def find(root, folder):
    missed = 0
    for name, (file, _, _) in BUGS.items():
        if not plant(name, root, os.devnull):
            print(f"{name}: its line is no longer in {file}: name the new one in planted_bugs.py")
            missed += 1
            continue
        done = subprocess.run([os.path.join(folder, f"simulation_with_{name}"), "--seeds", str(SEEDS)], capture_output=True,
                              text=True, timeout=300)
        found = "FAILED" in done.stdout or done.returncode < 0
        print(f"{name}: {' '.join(done.stdout.split()[:2]) if found else 'NOT FOUND'}", flush=True)
        for line in done.stdout.splitlines():
            if line.startswith("  ->"):
                print(line)
        missed += not found
    print(f"{len(BUGS) - missed} of {len(BUGS)} planted bugs were found within {SEEDS} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    command, words = sys.argv[1], sys.argv[2:]
    if command == "list":
        print(";".join(BUGS), end="")
    elif command == "file":
        print(BUGS[words[0]][0], end="")
    elif command == "sources":
        print(";".join(USERS.get(BUGS[words[0]][0], ())), end="")
    elif command == "plant":
        plant(*words)
    else:
        sys.exit(find(*words))
