/* Exactly once, as a protocol: journal, transaction, acknowledgement, doubt, failover, and a writer that was thought dead.
 *
 * What is modelled   Writers of one lane, each a copy of the same journal of BATCHES batches. A session is a process of the
 *                    server: it lives on when its writer gives it up or dies, and may end its COMMIT at any later time, or
 *                    be ended by the server. A standby follows at its own pace; a failover throws away what it lacks.
 * What must hold     At every moment exactly the batches up to the stored checkpoint are in the table, each once. A writer
 *                    that is alone is never fenced. When nothing moves any more, all batches are stored, or every writer
 *                    has been fenced.
 * What is not        Memory orders (memory_orders/), files (tests/simulation), SQL (tests/integration/postgres).
 *
 * The same decisions as sinks/postgres/session.cpp, whose steps are named here. Planted bugs, each with -D:
 *   BLIND_UPDATE        the checkpoint is moved whatever it was
 *   NO_REREAD           after trouble the batch is sent again without reading the checkpoint
 *   NO_WAIT             it is read without FOR UPDATE: a commit of ours may still be on its way
 *   CHECKPOINT_APART    the rows are committed before the checkpoint moves, in a transaction of their own
 *   TRIM_BY_ACK         the journal forgets what was acknowledged
 */
#define BATCHES 3
#define SLOTS 4          /* sessions that may exist at a time */
#define NOBODY 255

#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef DOUBTS
#define DOUBTS 1         /* answers that a writer gives up waiting for */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FAILOVERS
#define FAILOVERS 1
#endif

mtype = { unused, open, moved, committing, done, closed };   /* closed: its writer has yet to notice */

byte stored = 0;                 /* the checkpoint, as committed */
byte rows[BATCHES + 1] = 0;      /* how often each batch is in the table; the first is number 1 */
byte copied = 0;                 /* how far the standby is */
byte holder = NOBODY;            /* session whose transaction holds the checkpoint's row */
mtype session[SLOTS] = unused;
byte target[SLOTS] = 0;          /* batch of its transaction */
bool abandoned[SLOTS] = false;   /* its writer is not there any more */
byte oldest = 1;                 /* batch that the journal still has */
byte doubts = DOUBTS, crashes = CRASHES, failovers = FAILOVERS;
byte fenced = 0;

inline end_session(s) {
  if :: session[s] == unused :: abandoned[s] -> session[s] = unused :: else -> session[s] = closed fi;
  abandoned[s] = false; target[s] = 0;
  if :: holder == s -> holder = NOBODY :: else fi      /* last: it may be the holder that is ended */
}

/* Its writer is not there any more, or will not look at it again. */
inline leave(s) {
  if
  :: session[s] == closed || session[s] == done -> session[s] = unused; target[s] = 0
  :: else -> abandoned[s] = true
  fi;
  s = NOBODY
}

#ifdef CHECKPOINT_APART
#define STORE(s) skip
#else
#define STORE(s) rows[target[s]]++
#endif
/* What may become of a session: its COMMIT ends; it is ended in the middle of it; the server sees that nobody is there. */
#define SERVE(s) \
  :: d_step { session[s] == committing -> stored = target[s]; STORE(s); holder = NOBODY; session[s] = done; \
       if :: abandoned[s] -> end_session(s) :: else fi } \
  :: d_step { session[s] == committing && doubts > 0 -> doubts--; end_session(s) } \
  :: d_step { abandoned[s] && session[s] != committing -> end_session(s) }

active proctype Server() {
  byte i;
end:
  do
  SERVE(0)
  SERVE(1)
  SERVE(2)
  SERVE(3)
  :: d_step { copied < stored -> copied = stored }
  :: d_step { failovers > 0 && copied < stored ->
       failovers--;
       i = copied + 1;
       do :: i <= BATCHES -> rows[i] = 0; i++ :: else -> break od;
       stored = copied; i = 0;
       do :: i < SLOTS -> end_session(i); i++ :: else -> break od;
       i = 0 }
  od
}

proctype Writer() {
  byte checkpoint, sent, found, s;
  bool knows;
start:
  skip;
  d_step { checkpoint = 0; sent = 0; knows = false; s = NOBODY; }
connect:
  atomic {
    if :: s != NOBODY && session[s] == closed -> session[s] = unused :: else fi;
    if
    :: session[0] == unused -> s = 0
    :: session[0] != unused && session[1] == unused -> s = 1
    :: session[0] != unused && session[1] != unused && session[2] == unused -> s = 2
    :: session[0] != unused && session[1] != unused && session[2] != unused && session[3] == unused -> s = 3
    fi;
    session[s] = open;
  }
#ifdef NO_REREAD
  if :: knows -> goto idle :: else fi;
#endif
read:
  if
#ifdef NO_WAIT
  :: found = stored
#else
  :: atomic { holder == NOBODY -> found = stored }
  :: atomic { holder != NOBODY -> end_session(holder); goto read }   /* held longer than lock_timeout: end_holder */
#endif
  :: atomic { session[s] == closed -> goto connect }
  fi;
  /* settle() */
  if
  :: !knows -> checkpoint = found; knows = true
  :: knows && found == checkpoint
  :: knows && found != checkpoint && sent != 0 && found == sent -> checkpoint = found
  :: knows && found < checkpoint && !(sent != 0 && found == sent) -> checkpoint = found      /* rolled back: made anew */
  :: knows && found > checkpoint && !(sent != 0 && found == sent) ->
       goto is_fenced
  fi;
  sent = 0;
idle:
  found = 0;
  if
  :: checkpoint >= BATCHES ->
end_idle:
     if
     :: session[s] == closed -> goto connect                       /* as at the next batch: clocks bring one */
     :: atomic { crashes > 0 -> crashes--; leave(s); goto start }
     fi
  :: else
  fi;
  /* begin, copy */
#ifdef TRIM_BY_ACK
  assert(checkpoint + 1 >= oldest);                                /* else nobody can write it again */
#endif
  sent = checkpoint + 1;
#ifdef CHECKPOINT_APART
  atomic { session[s] == open -> rows[sent]++ }
#endif
move:
  if
  :: atomic { session[s] == closed -> goto connect }
  :: atomic { session[s] == open && holder != NOBODY -> end_session(s); goto connect }                 /* lock_timeout */
  :: atomic { session[s] == open && holder == NOBODY ->
       if
#ifdef BLIND_UPDATE
       :: true
#else
       :: stored == checkpoint
#endif
          -> holder = s; target[s] = sent; session[s] = moved
       :: stored != checkpoint -> end_session(s); goto was_moved
       fi }
  :: atomic { crashes > 0 -> crashes--; leave(s); goto start }
  fi;
  if
  :: atomic { session[s] == moved -> session[s] = committing }
  :: atomic { session[s] == closed -> goto connect }
  :: atomic { crashes > 0 -> crashes--; leave(s); goto start }
  fi;
  if
  :: atomic { session[s] == done -> session[s] = open;
       checkpoint = sent; sent = 0;
#ifdef TRIM_BY_ACK
       oldest = checkpoint + 1;
#endif
     } goto idle
  :: atomic { session[s] == closed -> goto connect }                                          /* in doubt */
  :: atomic { doubts > 0 && session[s] == committing -> doubts--; leave(s); goto connect } /* no answer */
  :: atomic { crashes > 0 -> crashes--; leave(s); goto start }
  fi;
was_moved:
is_fenced:
  assert(WRITERS > 1);
  atomic { fenced++; leave(s) }
end_fenced:
  false
}

/* At every moment: what is stored is what the checkpoint says, once. */
active proctype Watch() {
  byte i;
end_watch:
  atomic {
    !((rows[1] == (stored >= 1)) && (rows[2] == (stored >= 2)) && (rows[3] == (stored >= 3))) -> assert(false)
  }
}

active proctype End() {
  timeout -> assert(stored == BATCHES || fenced == WRITERS)
}

init {
  atomic {
    run Writer();
#if WRITERS > 1
    run Writer();
#endif
  }
}
