/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unbinding of the driver, and removal of an instance, with the grace of both.
 * One user opens the instance, sets its request eventfd early, late or never, and
 * closes the instance when it is asked, or when its access has ended.
 *
 * Step of the model	Function of the driver
 *
 * unbind		vdfl_pci_remove(), vdfl_card_begin_release(),
 *			vdfl_card_end_release(), vdfl_card_remove()
 * remove		vdfl_mdev_remove(), vdfl_mdev_begin_release(),
 *			vdfl_mdev_end_release(); VFIO waits until the instance is
 *			closed, and calls vdfl_mdev_request() meanwhile
 * client_del		vdfl_client_del(), vdfl_block_release()
 * card_grace		release_work() in card/release.c
 * instance_grace	release_work() in instance/release.c
 * declare_lost		vdfl_card_declare_lost()
 * kworker		client_work(), vdfl_mdev_fire_req(), vdfl_mdev_fire_err()
 * user			vdfl_mdev_open_device(), vdfl_card_open(), single_set(),
 *			single_is_due(), vdfl_mdev_close_device()
 *
 * A section under vdfl_card.lock or vdfl_mdev.irq_lock is one step.
 *
 * run: safety
 * run: removed
 * run: revoked_in_the_end
 * fault: NOT_DUE removed
 * fault: DUE_BEFORE_SET removed
 * fault: NO_GRACE_WORK revoked_in_the_end
 * fault: GRACE_NOT_CANCELLED safety
 * fault: WORK_NOT_FLUSHED safety
 * fault: OPEN_WHILE_UNBINDING safety
 * fault: REVOKED_AT_ONCE safety
 */
#include "sync.inc"

#define REQUEST		1
#define ERROR		2
#define DRAIN		4

/* struct vdfl_card */
bool unbinding;
bool gone;
bool nr_open;
bool card_work;			/* vdfl_card.release is queued */
bool card_working;
bool listed = true;		/* the client is on the list */
byte todo;			/* of the client */
bool queued;
bool working;

/* struct vdfl_mdev */
bool removing;
bool revoked;
bool vd_work;			/* vdfl_mdev.release is queued */
bool vd_working;
bool req, err;			/* eventfds are set */

/* Not in the driver: what the assertions need */
bool asked;			/* the request eventfd was signalled */
bool told;			/* the error eventfd was signalled */
bool unregistered;
bool card_freed;
bool client_freed;
bool usable;			/* the card responds when it is unbound */
bool over;			/* the grace of the card or the instance is over */

inline queue(bits)
{
	atomic {
		if
		:: listed -> todo = todo | (bits); queued = true
		:: else
		fi
	}
}

inline declare_lost()
{
	if
	:: atomic { gone -> skip }
	:: atomic { else -> gone = true };
	   revoked = revoked || listed;
	   queue(DRAIN);
	   queue(ERROR | REQUEST)
	fi
}

active proctype kworker()
{
	byte t;
end:	do
	:: atomic { queued -> queued = false; working = true };
	   atomic { assert(!client_freed && !card_freed); t = todo; todo = 0 };
	   if
	   :: t & ERROR -> atomic { told = told || err }
	   :: else
	   fi;
	   if
	   :: t & REQUEST -> atomic { asked = asked || req }
	   :: else
	   fi;
	   atomic { assert(!client_freed); t = 0; working = false }
	od
}

active proctype card_grace()
{
end:	do
	:: atomic { card_work -> card_work = false; card_working = true; over = true };
	   assert(!card_freed);
	   declare_lost();
	   card_working = false
	od
}

active proctype instance_grace()
{
end:	do
	:: atomic { vd_work -> vd_work = false; vd_working = true; over = true };
	   assert(!client_freed);
	   revoked = true;
	   atomic { told = told || err };
	   vd_working = false
	od
}

inline remove()
{
	removing = true;
#ifndef NO_GRACE_WORK
	vd_work = true;
#endif
	/* vfio_unregister_group_dev(): request, until the instance is closed */
	atomic { asked = asked || req };
	atomic { !nr_open -> unregistered = true };
#ifndef GRACE_NOT_CANCELLED
	atomic { !vd_working -> vd_work = false };
#endif
	client_del()
}

inline client_del()
{
	listed = false;
#ifndef WORK_NOT_FLUSHED
	!queued && !working;
#endif
	client_freed = true
}

active proctype unbind()
{
	/* An administrator may remove the instance, with the driver bound or not */
	if
	:: remove()
	:: skip
	fi;
	unbinding = true;
	if
	:: usable = true
	:: skip
	fi;
#ifdef REVOKED_AT_ONCE
	declare_lost();
#else
	if
	:: !usable -> declare_lost()
	:: usable ->
	   queue(REQUEST);
#ifndef NO_GRACE_WORK
	   card_work = true
#endif
	fi;
#endif
	if
	:: !client_freed -> remove()
	:: else
	fi;
	assert(!nr_open);
	atomic { !card_working -> card_work = false };
	declare_lost();
	card_freed = true
}

active proctype user()
{
	bool patient;

	if
	:: patient = true
	:: skip
	fi;
	/* open */
	if
	:: atomic {
		!removing && !unregistered && !unbinding && !gone -> nr_open = true
	   }
#ifdef OPEN_WHILE_UNBINDING
	:: atomic { !gone && unbinding -> nr_open = true }
#endif
	:: goto out
	fi;
	if
	:: revoked -> assert(over || gone)
	:: skip
	fi;
	/* set the eventfds, at any time */
	if
	:: atomic { err = true };
	   if
	   :: gone || (revoked && removing) -> told = true
	   :: else
	   fi
	:: skip
	fi;
#ifdef DUE_BEFORE_SET
	if
	:: removing || unbinding || gone -> asked = true
	:: else
	fi;
	atomic { req = true };
#else
	atomic { req = true };
#ifndef NOT_DUE
	if
	:: removing || unbinding || gone -> asked = true
	:: else
	fi;
#endif
#endif
	/* Access goes on until the grace is over */
	asked;
	if
	:: revoked -> assert(over || !usable)
	:: !revoked
	fi;
	/* Close at once, or after the access has ended */
	!patient || revoked;
	revoked = true;			/* VDFL_REVOKED_CLOSED */
	atomic { req = false; err = false };
	nr_open = false;
out:	skip
}

ltl removed { <> card_freed }
ltl revoked_in_the_end { [] ((removing && nr_open) -> <> (revoked || !nr_open)) }
