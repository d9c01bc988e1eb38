/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Revocation of access to the registers of one open instance, against page
 * faults, trapped accesses, a reset by the user, operations of the PCI core, and
 * loss of the card.
 *
 * Step of the model	Function of the driver
 *
 * MARK, CLEAR		vdfl_access_mark(), vdfl_access_clear()
 * WAKE			vdfl_access_wake()
 * drain		vdfl_access_drain(), vdfl_access_revoke_sync()
 * access_begin		vdfl_access_begin(), vdfl_access_end()
 * task			pieces_rw(), or region_huge_fault() and user access to the
 *			page that it inserted
 * reset		vdfl_mdev_reset(), vdfl_block_reset(), block_reset()
 * block_lock		reset_lock(), reset_unlock()
 * scrub		block_scrub()
 * queue		vdfl_client_queue()
 * kworker		client_work(), client_take_todo(), client_work_done()
 * revoke, restore	vdfl_clients_revoke(), vdfl_clients_restore()
 * clients_wait		vdfl_clients_wait()
 * pci_core		vdfl_card_begin_freeze(), vdfl_card_end_freeze(),
 *			vdfl_card_thaw(), frozen_end(), frozen_declare_lost()
 * loss			vdfl_card_declare_lost(), without vdfl_card.reset_lock
 *
 * Left out: VDFL_REVOKED_MEMORY, _CLOSED and _REMOVED, which are set with a drain
 * as VDFL_REVOKED_SCRUB is; fatal signals, which only end a wait earlier; open and
 * close.
 *
 * run: safety
 * run: ACCESSES=2 safety
 * run: task_ends
 * run: freeze_ends
 * fault: NO_WAKE_AFTER_THAW safety
 * fault: NO_WAKE_IN_DRAIN safety
 * fault: NO_WAKE_AFTER_RESET safety
 * fault: WAKE_BEFORE_CLEAR safety
 * fault: NO_SECOND_ZAP safety
 * fault: MARK_AFTER_DRAIN safety
 * fault: NO_WAIT_FOR_CLIENTS safety
 * fault: LOCK_HELD_IN_RESET safety
 * fault: SETTLED_NOT_WOKEN safety
 * fault: SETTLED_NOT_WOKEN freeze_ends
 * fault: NO_WAKE_AFTER_THAW task_ends
 */
#include "sync.inc"

#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef ACCESSES
#define ACCESSES 1
#endif

#define RESET		1
#define CARD		2
#define GONE		4
#define SCRUB		8
#define WAITS(r)	((r) && !((r) & ~(CARD | SCRUB)))

#define TODO_WAKE	1
#define TODO_DRAIN	2

/* struct vdfl_mdev */
byte revoked;
rwsem memory_lock;
bool asleep;			/* entry of vdfl_mdev.restored */
bool pte;			/* a mapping has a page */

/* struct vdfl_card */
bool reset_lock;
bool cfg_access;		/* configuration lock of the function */
bool frozen;
bool gone;
byte todo;
bool pending;			/* the work item of the client is queued */
byte nr_working;
bool settled_asleep;

/* Not in the driver: what the assertions need */
bool operating;			/* the PCI core operates on the card */
bool scrubbing;			/* the block is being reset */
bool task_done;

#define TOUCH		assert(!operating && !scrubbing)

#define MARK(bits)	revoked = revoked | (bits)
#define CLEAR(bits)	revoked = revoked & ~(bits)
#define WAKE		asleep = false

inline drain()
{
#ifndef NO_WAKE_IN_DRAIN
	WAKE;
#endif
	pte = false;
#ifdef NO_SECOND_ZAP
	DOWN_WRITE(memory_lock, skip);
#else
	DOWN_WRITE(memory_lock, pte = false);
#endif
	UP_WRITE(memory_lock)
}

/* Ends with memory_lock held if r is 0 */
inline access_begin(r)
{
	do
	:: DOWN_READ(memory_lock, r = revoked);
	   if
	   :: !r -> break
	   :: else -> UP_READ(memory_lock)
	   fi;
	   if
	   :: !WAITS(r) -> break
	   :: else -> SLEEP_UNLESS(asleep, !WAITS(revoked))
	   fi
	od
}

/* vdfl_card.lock is held, so this is one step. */
inline queue(bits)
{
	atomic {
		todo = todo | (bits);
		if
		:: pending		/* counted, and not counted again */
		:: else -> nr_working++; pending = true
		fi
	}
}

inline revoke(bits)
{
#ifdef MARK_AFTER_DRAIN
	queue(TODO_DRAIN);
	MARK(bits)
#else
	MARK(bits);
	queue(TODO_DRAIN)
#endif
}

inline restore(bits)
{
#if defined(WAKE_BEFORE_CLEAR)
	queue(TODO_WAKE);
	CLEAR(bits)
#elif defined(NO_WAKE_AFTER_THAW)
	CLEAR(bits)
#else
	CLEAR(bits);
	queue(TODO_WAKE)
#endif
}

inline clients_wait()
{
#ifdef NO_WAIT_FOR_CLIENTS
	skip
#else
	SLEEP_UNLESS(settled_asleep, nr_working == 0)
#endif
}

active proctype kworker()
{
	byte t;
end:	do
	:: atomic { pending -> pending = false };
	   atomic { t = todo; todo = 0 };
	   if
	   :: t & TODO_WAKE -> WAKE
	   :: else
	   fi;
	   if
	   :: t & TODO_DRAIN -> drain()
	   :: else
	   fi;
	   t = 0;
	   nr_working--;
#ifndef SETTLED_NOT_WOKEN
	   if
	   :: nr_working == 0 -> settled_asleep = false
	   :: else
	   fi
#endif
	od
}

active proctype task()
{
	byte r;
	byte accesses;

	do
	:: accesses < ACCESSES ->
	   access_begin(r);
	   if
	   :: !r ->
	      if
	      :: TOUCH				/* trapped access */
	      :: pte = true			/* page fault */
	      fi;
	      UP_READ(memory_lock)
	   :: else -> break			/* EIO, SIGBUS */
	   fi;
	   if
	   :: atomic { pte -> TOUCH }		/* access through the mapping */
	   :: skip
	   fi;
	   accesses++
	:: else -> break
	od;
	task_done = true
}

/* Ends with ok false if the card is lost */
inline block_lock(ok)
{
	do
	:: LOCK(cfg_access, skip); LOCK(reset_lock, ok = true); break
	:: gone -> break
	od
}

inline block_unlock()
{
	UNLOCK(reset_lock);
	UNLOCK(cfg_access)
}

inline scrub()
{
	atomic { assert(!operating && !pte); scrubbing = true };
	scrubbing = false
}

active proctype reset()
{
	bool ok;

	MARK(SCRUB);
	drain();
#ifdef LOCK_HELD_IN_RESET
	DOWN_WRITE(memory_lock, skip);
#endif
	block_lock(ok);
	if
	:: ok ->
	   if
	   :: gone -> MARK(RESET)
	   :: !gone && frozen -> skip		/* EAGAIN */
	   :: !gone && !frozen ->
	      scrub();
	      if
	      :: MARK(RESET)
	      :: CLEAR(RESET)
	      fi
	   fi;
	   block_unlock()
	:: else
	fi;
#ifdef LOCK_HELD_IN_RESET
	UP_WRITE(memory_lock);
#endif
	CLEAR(SCRUB);
#ifndef NO_WAKE_AFTER_RESET
	WAKE
#endif
}

active proctype pci_core()
{
	byte rounds;

	do
	:: rounds < ROUNDS ->
	   rounds++;
	   LOCK(cfg_access, skip);
	   LOCKED(reset_lock, frozen = true);
	   revoke(CARD);
	   clients_wait();
	   atomic { assert(!pte); operating = true };
	   operating = false;
	   LOCK(reset_lock, skip);
	   if
	   :: frozen = false; restore(CARD)
	   :: gone = true; revoke(GONE); frozen = false
	   fi;
	   UNLOCK(reset_lock);
	   UNLOCK(cfg_access)
	:: else -> break
	od
}

active proctype loss()
{
	if
	:: gone = true; revoke(GONE)
	:: skip
	fi
}

ltl task_ends { <> task_done }
ltl freeze_ends { [] (frozen -> <> !frozen) }
