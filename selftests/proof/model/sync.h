/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks and wait queues of the kernel, for the models of this directory.
 *
 * mutex      LOCK() takes it, then does a first step that needs it. A critical
 *            section with one step is one LOCKED(). Taking a lock commutes with
 *            steps of other processes that come earlier, releasing it with steps
 *            that come later, so both are joined with the step between them.
 * rwsem      A writer that waits keeps new readers out, as the kernel's rwsem
 *            does once a writer has waited for some time.
 * wait queue SLEEP_UNLESS() is wait_event(): the task enters the queue and sets
 *            its state, then checks the condition, then sleeps until a wakeup.
 *            A wakeup between the check and the sleep is not lost. A wakeup
 *            before the task has entered the queue is.
 */
#define LOCK(m, step)	atomic { !(m) -> m = true; step }
#define LOCKED(m, step)	atomic { !(m) -> step }
#define UNLOCK(m)	m = false

typedef rwsem {
	byte readers;
	byte waiting;
	bool writer
}

#define DOWN_READ(s, step) atomic { !s.writer && !s.waiting -> s.readers++; step }
#define UP_READ(s)	s.readers--
#define DOWN_WRITE(s, step) s.waiting++; \
			atomic { !s.writer && !s.readers -> \
				 s.writer = true; s.waiting--; step }
#define UP_WRITE(s)	s.writer = false

#define SLEEP_UNLESS(asleep, cond) \
	do \
	:: asleep = true; \
	   if \
	   :: atomic { cond -> asleep = false; break } \
	   :: else -> !asleep \
	   fi \
	od
