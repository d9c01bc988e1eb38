/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations on the whole card, nested in any way: a reset, an error whose end may
 * never be reported, a suspend, a port reset by the administrator, a reset from
 * outside, a card that stops to respond, and loss.
 *
 * Step of the model	Function of the driver
 *
 * begin_freeze		vdfl_card_begin_freeze()
 * end_freeze		vdfl_card_end_freeze(), begin_operation(),
 *			set_operating(), vdfl_busmaster_pause()
 * thaw			vdfl_card_thaw(), vdfl_busmaster_verify()
 * frozen_end		frozen_end(), card_resume_use(), vdfl_clients_restore()
 * set_absent		frozen_set_absent()
 * absent		vdfl_card_absent(), absent_check()
 * check_frozen		vdfl_card_check_frozen()
 * check_limits		the same, while the card is not suspended
 * frozen_lost		frozen_declare_lost()
 * lost			vdfl_card_declare_lost()
 * irq_resume		vdfl_irq_resume(): source_start() fails once the card is lost
 * audit		audit(), audit_running(), audit_restore()
 * busmaster_audit	vdfl_busmaster_check()
 * drain		client_work(); one client
 * operation		vdfl_card_error_detected(); callbacks of the PCI core
 * own_operation	vdfl_cure_port(), cure()
 *
 * An operation is not nested in one of the same kind: the PCI core serialises
 * resets and suspends with the device lock, and is assumed to run one error
 * recovery of a function at a time. revoke.pml has the waits of clients.
 *
 * run: safety
 * run: thawed
 * run: access_goes_on
 * run: interrupts_go_on
 * run: audit_goes_on
 * fault: THAW_IGNORES_OTHERS safety
 * fault: ABSENT_IGNORES_OTHERS safety
 * fault: FROZEN_NOT_AUDITED safety
 * fault: PAUSED_BEFORE_DRAIN safety
 * fault: NO_TIMEOUT thawed
 * fault: NO_GRACE_LIMIT access_goes_on
 * fault: RESUME_NOT_RETRIED interrupts_go_on
 * fault: PAUSED_AFTER_LOSS audit_goes_on
 */
#include "sync.inc"

/* Bits of vdfl_card.frozen */
#define OPERATION(nr)	(1 << (nr))	/* 0: reset, 1: error, 2: suspend */
#define ABSENT		8
#define PORT		16
#define RESTORE		32
#define OWN		(PORT | RESTORE)	/* VDFL_FROZEN_OWN */

/* Bits of vdfl_mdev.revoked */
#define CARD		1
#define GONE		2

/* Calls of vdfl_busmaster_verify() that find no response before the loss */
#define GRACE		2

/* struct vdfl_card */
bool reset_lock;
byte waiting;			/* tasks that wait for it, served before the next audit */
byte frozen;
byte revoking;
byte operating;
bool gone;
bool suspended;			/* vdfl_card_irq.suspended */
byte absent_checks;		/* time since vdfl_card.absent_since */
bool draining;			/* the work item of the client is queued */

byte revoked;			/* vdfl_mdev.revoked */
bool accessing;

/* The card, and what the PCI core does with it */
bool responds = true;
bool was_reset;
byte core;			/* operations of the PCI core that are running */
bool end_missing;		/* the end of one is never reported */

#define paused		(operating != 0)

#define UNTOUCHED	(!accessing && suspended && paused)

inline revoke(bits)
{
	atomic { revoked = revoked | bits; draining = true }
}

inline lost()
{
	gone = true;
	revoke(GONE);
	suspended = true
}

inline frozen_lost()
{
	lost();
	atomic { frozen = 0; operating = 0 }
}

inline irq_resume()
{
	atomic {
		if
		:: suspended && !gone -> assert(!core); suspended = false
		:: else
		fi
	}
}

inline frozen_end()
{
	if
	:: !responds -> frozen_lost()
	:: responds ->
	   atomic { assert(!core || gone); operating = 0 };
	   frozen = 0;
	   if
	   :: irq_resume()
	   :: skip			/* irq_start_all() failed */
	   fi;
	   revoked = revoked & ~CARD
	fi
}

inline set_absent()
{
	atomic { frozen = ABSENT; absent_checks = 0; operating = 0 }
}

inline absent_check()
{
	if
	:: responds -> frozen_end()
#ifdef NO_GRACE_LIMIT
	:: !responds
#else
	:: !responds && absent_checks < GRACE -> absent_checks++
	:: !responds && absent_checks >= GRACE -> frozen_lost()
#endif
	fi
}

inline begin_freeze(op)
{
	waiting++;
	LOCKED(reset_lock, waiting--; frozen = frozen | op; revoking++);
#ifdef PAUSED_BEFORE_DRAIN
	/* Swapped: the operation begins before the client has ended its access */
	if
	:: op & OWN
	:: else -> atomic { core = core | op; assert(!accessing) }; core = core & ~op
	fi;
#endif
	revoke(CARD);
	suspended = true
}

inline end_freeze(op)
{
	!draining;
	waiting++;
	atomic {
		!reset_lock -> waiting--; revoking--;
		if
#ifndef PAUSED_AFTER_LOSS
		:: !(frozen & op)		/* declared lost meanwhile */
#endif
		:: op == PORT			/* changes no configuration */
		:: else -> operating = operating | op
		fi
	}
}

inline thaw(op)
{
	waiting++;
	LOCK(reset_lock, waiting--);
	if
	:: !(frozen & op)
	:: else ->
	   frozen = frozen & ~op;
	   if
#ifndef THAW_IGNORES_OTHERS
	   :: frozen & ~ABSENT -> operating = operating & ~op
#endif
	   :: else ->
	      if
	      :: !responds && (op & OWN) -> set_absent()
	      :: responds || !(op & OWN) -> frozen_end()
	      fi
	   fi
	fi;
	UNLOCK(reset_lock)
}

proctype operation(byte nr)
{
	begin_freeze(OPERATION(nr));
	end_freeze(OPERATION(nr));
	atomic {
		assert(UNTOUCHED || gone);
		core = core | OPERATION(nr)
	};
	atomic {
		core = core & ~OPERATION(nr);
		end_missing = end_missing || nr == 1
	};
	/* The end of an error may be missing; a permanent failure is a loss */
	if
	:: nr == 1
	:: nr == 1 ->
	   waiting++;
	   LOCK(reset_lock, waiting--);
	   frozen_lost();
	   UNLOCK(reset_lock)
	:: atomic { end_missing = end_missing && nr != 1 }; thaw(OPERATION(nr))
	fi
}

proctype own_operation()
{
	begin_freeze(PORT);
	end_freeze(PORT);
	waiting++;
	LOCK(reset_lock, waiting--);
	if
	:: frozen == PORT && !gone -> atomic { assert(!core && !accessing) }
	:: else				/* EAGAIN */
	fi;
	UNLOCK(reset_lock);
	thaw(PORT)
}

inline check_limits()
{
	if
#ifdef ABSENT_IGNORES_OTHERS
	:: frozen & ABSENT -> absent_check()
#else
	:: frozen == ABSENT -> absent_check()
#endif
	:: else ->
	   if
#ifndef NO_TIMEOUT
	   :: !revoking && operating -> frozen_lost()
#endif
	   :: !(end_missing && !revoking && operating == OPERATION(1))
#ifdef NO_TIMEOUT
	   :: end_missing
#endif
	   fi
	fi
}

inline check_frozen()
{
	if
	:: frozen & OPERATION(2)	/* the limit begins again */
	:: else -> check_limits()
	fi
}

inline audit_running()
{
	if
	:: !responds && !gone ->
	   set_absent();
	   revoke(CARD);
	   suspended = true;
	   absent_check()
	:: responds && !gone ->
#ifndef RESUME_NOT_RETRIED
	   irq_resume()
#else
	   skip
#endif
	:: gone
	fi
}

active proctype audit()
{
	bool restore;
end:	do
	:: atomic { !reset_lock && !waiting ->
		    reset_lock = true;
		    restore = !frozen && !gone && was_reset };
	   if
	   :: restore
#ifdef FROZEN_NOT_AUDITED
	   :: !restore -> audit_running()
#else
	   :: !restore && frozen -> check_frozen()
	   :: !restore && !frozen -> audit_running()
#endif
	   fi;
	   UNLOCK(reset_lock);
	   if
	   :: restore ->
	      begin_freeze(RESTORE);
	      end_freeze(RESTORE);
	      waiting++;
	      LOCKED(reset_lock, waiting--; was_reset = was_reset && frozen != RESTORE);
	      thaw(RESTORE)
	   :: else
	   fi
	od
}

active proctype busmaster_audit()
{
end:	do
	:: atomic { !paused && core && !gone -> assert(false) }
	od
}

active proctype drain()
{
end:	do
	:: atomic { draining && !accessing -> draining = false }
	od
}

active proctype access()
{
end:	do
	:: atomic { !revoked && !draining -> assert(!core); accessing = true };
	   atomic { assert(!core); accessing = false }
	od
}

active proctype environment()
{
	if
	:: responds = false;
	   if
	   :: responds = true
	   :: skip
	   fi
	:: was_reset = true
	:: lost()			/* unbind: without vdfl_card.reset_lock */
	:: skip
	fi
}

/* Any two of the four operations */
init {
	byte nr;
	byte begun;

	atomic {
		do
		:: nr < 3 && begun < 2 -> begun++; run operation(nr); nr++
		:: nr == 3 && begun < 2 -> begun++; run own_operation(); nr++
		:: nr < 4 -> nr++
		:: nr == 4 -> break
		od
	}
}

ltl thawed { [] (frozen -> <> !frozen) }
ltl access_goes_on { [] (revoked == CARD -> <> (revoked != CARD)) }
ltl interrupts_go_on { [] (suspended -> <> (!suspended || frozen || gone)) }
ltl audit_goes_on { [] (paused -> <> !paused) }
