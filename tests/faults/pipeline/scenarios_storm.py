"""Everything at once: what `./dev chaos --minutes` repeats under ever new seeds."""
import os
import signal
import time

import scenarios_servers as servers
from scenario import scenario


def stop_a_second(world):
    world.running.process.send_signal(signal.SIGSTOP)
    world.note("SIGSTOP")
    time.sleep(world.chance.uniform(0.1, 1))
    world.running.process.send_signal(signal.SIGCONT)


def break_source(world):
    world.note("source: " + servers.break_network(world, world.proxy("source"), 1))


def break_postgres(world):
    world.note("postgres: " + servers.break_network(world, world.proxy("postgres"), 2))


def break_redis(world):
    world.note("redis: " + servers.break_network(world, world.proxy("redis"), 1))


def stop_redis(world):
    world.servers.stop_redis()
    world.note("redis stop")
    world.pause(0.1, 0.5)
    world.servers.up()


OTHERS = (stop_a_second, break_source, break_redis, stop_redis, servers.hang_redis)


@scenario(rows="29", count=2_000_000)
def storm(world):
    """kill -9 at random instants among faults of the database, of Redis, of the network and of the process's own time."""
    for name in ("source", "postgres", "redis"):
        world.proxy(name)
    world.start()
    world.wait_for_rows()
    turn = 0
    while world.pause(0.01, 1.2):
        turn += 1
        healed = world.healed()
        if turn % 3 == 1:
            fault = world.chance.choice(servers.POSTGRES_FAULTS + (break_postgres,))
            fault(world)
            world.database_faults += 1
        elif turn % 3 == 2 and world.chance.random() < 0.6:
            world.chance.choice(OTHERS)(world)
        # Now and then in the middle of coming back.
        world.pause(0.01, world.chance.choice((0.1, 1.5)), healed)
        if world.is_finished():
            return
        world.kill()
        world.start()
        world.pause(0.01, 1.5, world.healed())
